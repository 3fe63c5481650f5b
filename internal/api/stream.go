package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

// place is how far a stream has told what has changed.
type place struct {
	change  int64
	ordinal int // of the last capture that was told of that change; 0 = of all of them
}

const allOrdinals = 1 << 30

// String is the id of the message that ends there.
func (p place) String() string {
	if p.ordinal == 0 {
		return strconv.FormatInt(p.change, 10)
	}
	return fmt.Sprintf("%d-%d", p.change, p.ordinal)
}

// placeOf reads an id of an earlier message: the header that browsers send when
// they come back, else the query. given is false without one.
func placeOf(r *http.Request, query url.Values) (p place, given bool, err error) {
	text := strings.TrimSpace(r.Header.Get("Last-Event-ID"))
	if text == "" {
		text = strings.TrimSpace(query.Get("cursor"))
	}
	if text == "" {
		return place{}, false, nil
	}
	change, ordinal, more := strings.Cut(text, "-")
	p.change, err = strconv.ParseInt(change, 10, 64)
	if more && err == nil {
		p.ordinal, err = strconv.Atoi(ordinal)
	}
	if err != nil || p.change < 0 || p.ordinal < 0 {
		return place{}, false, darkroom.Invalid("cursor", "Last-Event-ID and cursor must be the id of an event, 0 for all there was, or empty for what comes from now on")
	}
	return p, true, nil
}

// telling writes server-sent events to one reader.
type telling struct {
	w     http.ResponseWriter
	out   *http.ResponseController
	wrote time.Time
}

// openStream begins the answer. The one place that it takes is given back by
// leave.
func (s *server) openStream(w http.ResponseWriter) (one *telling, leave func(), err error) {
	select {
	case s.streams <- struct{}{}:
	default:
		return nil, nil, &darkroom.Error{
			Code: darkroom.CodeRateLimited, Message: fmt.Sprintf("The server has %d event streams open, as many as it serves at once", darkroom.MaxStreams),
			Hint: "Try again later, or poll GET /v1/jobs/{id}?wait=30", RetryAfter: comeBack,
		}
	}
	if own, ok := w.(*writer); ok {
		own.limit = darkroom.StreamWrite
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	return &telling{w: w, out: http.NewResponseController(w)}, func() { <-s.streams }, nil
}

// send writes a message and sees that it goes out. A reader that does not take
// it in time is an error; so is one that has gone.
func (s *telling) send(message []byte) error {
	s.wrote = time.Now()
	if _, err := s.w.Write(message); err != nil {
		return err
	}
	return s.out.Flush()
}

func appendEvent(message *bytes.Buffer, event, id string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	fmt.Fprintf(message, "event: %s\n", event)
	if id != "" {
		fmt.Fprintf(message, "id: %s\n", id)
	}
	fmt.Fprintf(message, "data: %s\n\n", text)
	return nil
}

// streamTrust is how long a stream goes on before its key is looked up again.
const streamTrust = 3 * time.Second

// stillMay reports whether the key of a request that has been let in works
// still: it may have been revoked, or replaced, while a stream is open.
func (s *server) stillMay(r *http.Request) bool {
	if session, ok := r.Context().Value(sessionKey{}).(darkroom.APIKey); ok {
		key, err := s.Store.Key(r.Context(), session.ID)
		return err == nil && key.RevokedAt.IsZero()
	}
	secret, _ := presentedKey(r.Header)
	_, err := s.Store.KeyBySecret(r.Context(), secret)
	return err == nil
}

// tell sends what look finds until there is nothing more to come: look gives
// the next message, nil when nothing has changed, and whether it is the last.
// What the rows say is all that is known of the past, so another process may
// have changed them, and may have sent what came before.
func (s *server) tell(r *http.Request, to *telling, look func() (message []byte, last bool, err error)) {
	ctx, trusted := r.Context(), time.Now()
	ticker := time.NewTicker(darkroom.StreamInterval)
	defer ticker.Stop()
	if to.send(fmt.Appendf(nil, "retry: %d\n\n", darkroom.StreamRetry.Milliseconds())) != nil {
		return
	}
	for {
		if time.Since(trusted) >= streamTrust {
			if trusted = time.Now(); !s.stillMay(r) {
				return
			}
		}
		message, last, err := look()
		if err != nil {
			// The stream has begun, so its end is all that can be told; the client
			// comes back, and hears why.
			return
		}
		if message == nil && time.Since(to.wrote) >= darkroom.StreamHeartbeat {
			message = []byte(": alive\n\n")
		}
		if message != nil && to.send(message) != nil {
			return
		}
		if last {
			return
		}
		select {
		case <-ticker.C:
		case <-s.Stopping:
			return
		case <-ctx.Done():
			return
		}
	}
}

// jobStream is what one reader of a job's events has been told.
type jobStream struct {
	server *server
	job    darkroom.Job
	keyID  string
	at     place
	told   bool // the job as it is at that place
	list   lister
	listed darkroom.Progress // what list was made for
}

// streamJob tells what happens to a job and its captures.
func (s *server) streamJob(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	from, given, err := placeOf(r, query)
	if err != nil {
		return err
	}
	change, err := s.changeOf(r)
	if err != nil {
		return err
	}
	job, err := s.job(r, key.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	if given && job.Status.Terminal() && from == (place{change: change}) {
		w.WriteHeader(http.StatusNoContent) // browsers take that for the end, and stay away
		return nil
	}
	if given = given && from.change <= change; !given {
		from = place{change: change}
	}
	to, leave, err := s.openStream(w)
	if err != nil {
		return err
	}
	defer leave()
	one := &jobStream{server: s, job: job, keyID: key.ID, at: from, told: given}
	s.tell(r, to, func() ([]byte, bool, error) { return one.next(r) })
	return nil
}

// changeOf is the number of the job's last change, whosever it is; 0 for one
// that is not there.
func (s *server) changeOf(r *http.Request) (int64, error) {
	change, err := s.Store.JobChange(r.Context(), r.PathValue("id"))
	if err != nil && darkroom.CodeOf(err) != darkroom.CodeNotFound {
		return 0, unavailable(err)
	}
	return change, nil
}

// next gives what has changed: captures first, then the job. The last of them
// has the id from which a reader goes on that has had all of it. That the job
// has ended is told only behind everything else: nobody listens any longer.
func (j *jobStream) next(r *http.Request) (message []byte, last bool, err error) {
	ctx := r.Context()
	change, err := j.server.Store.JobChange(ctx, j.job.ID)
	if err != nil {
		return nil, false, err
	}
	if j.told && j.at == (place{change: change}) {
		return nil, j.job.Status.Terminal(), nil
	}
	// In this order: what changes in between is told next time, and not skipped.
	results, err := j.results(ctx)
	if err != nil {
		return nil, false, err
	}
	if j.job, err = j.server.Store.Job(ctx, j.keyID, j.job.ID); err != nil {
		return nil, false, err
	}
	if err := j.relist(ctx); err != nil {
		return nil, false, err
	}
	j.at = j.behind(change, results)
	all, err := j.toldAll(ctx)
	if err != nil {
		return nil, false, err
	}
	message, err = j.write(results, all || !j.job.Status.Terminal())
	return message, false, err
}

// behind is the place behind some results that were read after a change.
func (j *jobStream) behind(change int64, results []store.ChangedResult) place {
	n := len(results)
	switch {
	case n == darkroom.MaxStreamMessage:
		return place{results[n-1].Change, results[n-1].Ordinal}
	case n > 0:
		change = max(change, results[n-1].Change)
	}
	return place{change: max(change, j.at.change)}
}

// toldAll reports whether nothing has changed behind the place up to now.
func (j *jobStream) toldAll(ctx context.Context) (bool, error) {
	change, err := j.server.Store.JobChange(ctx, j.job.ID)
	return err == nil && j.at == (place{change: change}), err
}

// write gives the message about some captures, and about the job if it is its
// turn.
func (j *jobStream) write(results []store.ChangedResult, job bool) ([]byte, error) {
	var buffer bytes.Buffer
	for i, result := range results {
		id := ""
		if !job && i == len(results)-1 {
			id = j.at.String()
		}
		if err := appendEvent(&buffer, darkroom.StreamCapture, id, j.list.answer(result.Result)); err != nil {
			return nil, err
		}
	}
	if !job {
		return buffer.Bytes(), nil
	}
	j.told = true
	err := appendEvent(&buffer, darkroom.StreamJob, j.at.String(), j.job.Answer(j.server.Now()))
	return buffer.Bytes(), err
}

func (j *jobStream) results(ctx context.Context) ([]store.ChangedResult, error) {
	ordinal := j.at.ordinal
	if ordinal == 0 {
		ordinal = allOrdinals
	}
	return j.server.Store.ChangedResults(ctx, j.job.ID, j.at.change, ordinal, darkroom.MaxStreamMessage)
}

// relist renews what the names of the captures depend on.
func (j *jobStream) relist(ctx context.Context) (err error) {
	basis := j.job.Progress
	basis.Completed, basis.Failed = 0, 0
	if j.listed != basis || j.job.Status.Terminal() {
		j.list, err = j.server.lister(ctx, j.job)
		j.listed = basis
	}
	j.list.job = j.job
	return err
}

// streamJobs tells what happens to any job of the key.
func (s *server) streamJobs(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	from, given, err := placeOf(r, query)
	if err != nil {
		return err
	}
	at := from.change
	if !given {
		if at, err = s.Store.LastChange(r.Context(), key.ID); err != nil {
			return unavailable(err)
		}
	}
	to, leave, err := s.openStream(w)
	if err != nil {
		return err
	}
	defer leave()
	s.tell(r, to, func() ([]byte, bool, error) {
		jobs, err := s.Store.ChangedJobs(r.Context(), key.ID, at, darkroom.MaxStreamMessage)
		if err != nil || len(jobs) == 0 {
			return nil, false, err
		}
		var buffer bytes.Buffer
		for _, job := range jobs {
			at = job.Change
			if err := appendEvent(&buffer, darkroom.StreamJob, strconv.FormatInt(at, 10), job.Answer(s.Now())); err != nil {
				return nil, false, err
			}
		}
		return buffer.Bytes(), false, nil
	})
	return nil
}
