package api

import (
	"net/http"
	"strconv"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

// pollAfter is what the answer to a new job asks its client to wait before it
// looks.
const pollAfter = 2 * time.Second

// createBatch accepts a list of URLs as one job, or refuses it as a whole. No
// page is opened and no name is looked up before the answer.
func (s *server) createBatch(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	body, err := s.readBody(w, r)
	if err != nil {
		return reply{}, err
	}
	job, warnings, err := s.decodeBatch(r.Header, body)
	if err != nil {
		return reply{}, err
	}
	if err := checkURLs(key, len(job.Targets)); err != nil {
		return reply{}, err
	}
	return s.accept(r, key, job, body, warnings)
}

// accept makes the job that was decoded from body.
func (s *server) accept(r *http.Request, key darkroom.APIKey, job store.NewJob, body []byte, warnings []string) (reply, error) {
	idempotencyKey, err := idempotencyKey(r.Header)
	if err != nil {
		return reply{}, err
	}
	if err := s.mayAccept(); err != nil {
		return reply{}, err
	}
	job.KeyID, job.IdempotencyKey = key.ID, idempotencyKey
	if job.BodyHash, err = bodyHash(string(job.Kind), body); err != nil {
		return reply{}, err
	}
	created, replayed, err := s.Store.CreateJob(r.Context(), job)
	if err != nil {
		return reply{}, unavailable(err)
	}
	return s.accepted(created, warnings, replayed), nil
}

// accepted is the same for every replay, however far the job has come.
func (s *server) accepted(job darkroom.Job, warnings []string, replayed bool) reply {
	job = asCreated(job)
	header := map[string]string{
		"Location":    s.Front.outside(darkroom.JobPath(job.ID)),
		"Retry-After": strconv.Itoa(wholeSeconds(pollAfter)),
	}
	if replayed {
		header["Idempotent-Replayed"] = "true"
	}
	return reply{http.StatusAccepted, header, job.CreatedAnswer(job.CreatedAt, warnings)}
}

// asCreated gives the job as it was before any work was done.
func asCreated(job darkroom.Job) darkroom.Job {
	job.Status = darkroom.StatusPending
	job.Progress = darkroom.Progress{Total: job.Progress.Total}
	if job.Kind == darkroom.KindSitemap {
		job.Progress, job.Discovery = darkroom.Progress{Expanding: true}, darkroom.Discovery{}
	}
	job.Error, job.Cancelled = "", false
	job.StartedAt, job.CompletedAt, job.ExpiresAt = time.Time{}, time.Time{}, time.Time{}
	return job
}

func (s *server) decodeBatch(header http.Header, body []byte) (store.NewJob, []string, error) {
	f, err := fieldsOfBody(body)
	if err != nil {
		return store.NewJob{}, nil, err
	}
	job := store.NewJob{Kind: darkroom.KindBatch, Deadline: s.Limits.JobDeadline}
	if err := s.decodePages(f, &job); err != nil {
		return job, nil, err
	}
	if err := s.decodeJobFields(f, &job); err != nil {
		return job, nil, err
	}
	warnings, err := f.unknown(header, append(jobFieldNames(), "urls", "requests")...)
	return job, warnings, err
}

// jobFieldNames lists what decodeJobFields and decodeOptions take.
func jobFieldNames() []string {
	return []string{
		"callback_url", "name", "tags", "priority", "host_concurrency", "host_delay", "retention", "variants", "gallery",
	}
}

// decodeJobFields takes what belongs to the job and not to each capture.
func (s *server) decodeJobFields(f fields, job *store.NewJob) (err error) {
	if job.CallbackURL, err = s.callback(f); err != nil {
		return err
	}
	if job.Name, err = f.text("name", darkroom.MaxNameBytes); err != nil {
		return err
	}
	if job.Tags, err = f.list("tags", darkroom.MaxTags, darkroom.MaxTagBytes); err != nil {
		return err
	}
	if job.Priority, err = f.priority(); err != nil {
		return err
	}
	if job.HostConcurrency, err = f.integer("host_concurrency", "", 1, darkroom.MaxHostConcurrency); err != nil {
		return err
	}
	setDefault(&job.HostConcurrency, hostConcurrency(job.Kind))
	delay, err := f.integer("host_delay", " ms", 0, int(darkroom.MaxHostDelay/time.Millisecond))
	if err != nil {
		return err
	}
	job.HostDelay = time.Duration(delay) * time.Millisecond
	retention, err := f.integer("retention", " s", 1, int(s.Limits.Retention/time.Second))
	if err != nil {
		return err
	}
	job.Retention = time.Duration(retention) * time.Second
	setDefault(&job.Retention, s.Limits.Retention)
	job.Gallery, err = f.boolean("gallery", true)
	return err
}

// hostConcurrency is the default of a job of that kind.
func hostConcurrency(kind darkroom.JobKind) int {
	if kind == darkroom.KindSitemap {
		return darkroom.DefaultCrawlHostConcurrency
	}
	return darkroom.DefaultHostConcurrency
}

func (f fields) priority() (darkroom.Priority, error) {
	text, err := f.text("priority", darkroom.MaxNameBytes)
	if err != nil {
		return "", err
	}
	switch priority := darkroom.Priority(text); priority {
	case "":
		return darkroom.PriorityNormal, nil
	case darkroom.PriorityNormal, darkroom.PriorityLow:
		return priority, nil
	}
	return "", darkroom.Invalid("priority", "priority must be %s or %s", darkroom.PriorityNormal, darkroom.PriorityLow)
}

// idempotencyKey gives the header's value, "" when it was not sent.
func idempotencyKey(header http.Header) (string, error) {
	const name = "Idempotency-Key"
	values := header.Values(name)
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	visible := key != "" && len(key) <= darkroom.MaxIdempotencyKeyBytes && len(values) == 1
	for i := range len(key) {
		visible = visible && key[i] > ' ' && key[i] <= '~'
	}
	if !visible {
		return "", darkroom.Invalid(name, "%s must be 1 to %d visible ASCII characters, once; a new UUID is a good one",
			name, darkroom.MaxIdempotencyKeyBytes)
	}
	return key, nil
}

// stopsSoon sends a client with a new job elsewhere or to the next start: what
// is accepted now would only wait for that.
func stopsSoon() *darkroom.Error {
	return &darkroom.Error{
		Code:       darkroom.CodeQueueUnavailable,
		Message:    "The server is stopping",
		Hint:       "Try again in a moment",
		RetryAfter: pollAfter,
	}
}

func diskFull() *darkroom.Error {
	return &darkroom.Error{
		Code:       darkroom.CodeInsufficientStorage,
		Message:    "The server has too little free disk for another job",
		Hint:       "Try again when older results have expired, or ask its operator for room",
		RetryAfter: time.Minute,
	}
}
