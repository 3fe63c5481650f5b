package api

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/store"

	"github.com/google/uuid"
)

// pollEvery is how often a waiting request looks by itself: the signal of the
// store covers this process only, and the job may end in another.
const pollEvery = time.Second

// ListAnswer is one page of jobs, newest first.
type ListAnswer struct {
	Jobs    []darkroom.JobAnswer `json:"jobs" nullable:"false"`
	Total   int                  `json:"total" doc:"How many jobs match the filters."`
	Limit   int                  `json:"limit"`
	Offset  int                  `json:"offset"`
	HasMore bool                 `json:"has_more" doc:"Whether there are jobs behind this page."`
}

func (s *server) listJobs(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	filter, err := jobFilter(query)
	if err != nil {
		return reply{}, err
	}
	page, err := s.Store.Jobs(r.Context(), key.ID, filter)
	if err != nil {
		return reply{}, unavailable(err)
	}
	answer := ListAnswer{
		Jobs: make([]darkroom.JobAnswer, 0, len(page.Jobs)), Total: page.Total,
		Limit: filter.Limit, Offset: filter.Offset,
	}
	for i := range page.Jobs {
		answer.Jobs = append(answer.Jobs, page.Jobs[i].Answer(s.Now()))
	}
	answer.HasMore = filter.Offset < page.Total-len(page.Jobs) && len(page.Jobs) > 0
	return reply{body: answer}, nil
}

func jobFilter(query url.Values) (filter store.JobFilter, err error) {
	if filter.Limit, err = count(query, "limit"); err != nil {
		return filter, err
	}
	setDefault(&filter.Limit, darkroom.DefaultListLimit)
	filter.Limit = min(filter.Limit, darkroom.MaxListLimit)
	if filter.Offset, err = count(query, "offset"); err != nil {
		return filter, err
	}
	filter.Status = darkroom.JobStatus(query.Get("status"))
	if filter.Status != "" && !filter.Status.Valid() {
		return filter, darkroom.Invalid("status", "status must be one of pending, processing, completed, partial, failed")
	}
	filter.Type = darkroom.JobKind(query.Get("type"))
	if !slices.Contains([]darkroom.JobKind{"", darkroom.KindBatch, darkroom.KindSitemap}, filter.Type) {
		return filter, darkroom.Invalid("type", "type must be %s or %s", darkroom.KindBatch, darkroom.KindSitemap)
	}
	filter.Tag, filter.Query = query.Get("tag"), query.Get("q")
	if len(filter.Tag) > darkroom.MaxTagBytes || len(filter.Query) > darkroom.MaxNameBytes {
		return filter, darkroom.Invalid("q", "tag may be at most %d bytes long and q %d", darkroom.MaxTagBytes, darkroom.MaxNameBytes)
	}
	if filter.CreatedAfter, err = moment(query, "created_after"); err != nil {
		return filter, err
	}
	filter.CreatedBefore, err = moment(query, "created_before")
	return filter, err
}

// count gives a whole number that is not negative, 0 when it is not there. A
// number beyond any integer is as good as the largest.
func count(query url.Values, name string) (int, error) {
	text := strings.TrimSpace(query.Get(name))
	if text == "" {
		return 0, nil
	}
	number, err := strconv.ParseInt(text, 10, 32)
	if errors.Is(err, strconv.ErrRange) && number > 0 {
		return math.MaxInt32, nil
	}
	if err != nil || number < 0 {
		return 0, darkroom.Invalid(name, "%s must be a whole number, 0 or more", name)
	}
	return int(number), nil
}

// truth gives whether something was asked for; false when it is not there.
func truth(query url.Values, name string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(query.Get(name))) {
	case "", "false", "0", "no", "off":
		return false, nil
	case "true", "1", "yes", "on":
		return true, nil
	}
	return false, darkroom.Invalid(name, "%s must be true or false", name)
}

func moment(query url.Values, name string) (time.Time, error) {
	// A plus sign that was not percent-encoded has become a space.
	text := strings.ReplaceAll(strings.TrimSpace(query.Get(name)), " ", "+")
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, darkroom.Invalid(name, "%s must be a time such as 2026-04-01T10:00:00Z", name)
	}
	return at, nil
}

func (s *server) getJob(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	seconds, err := count(query, "wait")
	if err != nil {
		return reply{}, err
	}
	job, err := s.job(r, key.ID, r.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	if wait := min(time.Duration(seconds)*time.Second, darkroom.MaxWait); wait > 0 {
		if job, err = s.await(r, job, wait); err != nil {
			return reply{}, err
		}
	}
	return reply{body: job.Answer(s.Now())}, nil
}

// job gives a job of the key. An id that is none, an unknown one and one of
// another key get the same answer.
func (s *server) job(r *http.Request, keyID, id string) (darkroom.Job, error) {
	if uuid.Validate(id) != nil || len(id) != len(uuid.Nil.String()) {
		return darkroom.Job{}, noSuchJob()
	}
	job, err := s.Store.Job(r.Context(), keyID, id)
	if darkroom.CodeOf(err) == darkroom.CodeNotFound {
		return darkroom.Job{}, noSuchJob()
	}
	if err != nil {
		return darkroom.Job{}, unavailable(err)
	}
	return job, nil
}

func noSuchJob() *darkroom.Error {
	return &darkroom.Error{
		Code:    darkroom.CodeNotFound,
		Message: "This key has no job with that id",
		Hint:    "Check the id, and whether another key created the job",
	}
}

// await gives the job when it has ended, or as it is when the time is up, the
// client has gone away or the server stops.
func (s *server) await(r *http.Request, job darkroom.Job, wait time.Duration) (darkroom.Job, error) {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for !job.Status.Terminal() {
		finished := s.Store.Finished(job.ID)
		again, err := s.job(r, job.KeyID, job.ID)
		if err != nil || again.Status.Terminal() {
			return again, err
		}
		job = again
		select {
		case <-finished:
		case <-poll.C:
		case <-timeout.C:
			return job, nil
		case <-s.Stopping:
			return job, nil
		case <-r.Context().Done():
			return job, nil
		}
	}
	return job, nil
}
