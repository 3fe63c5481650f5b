package api

import (
	"net/http"

	"darkroom"
	"darkroom/internal/store"

	"github.com/google/uuid"
)

// cancelJob ends a job before its time and answers with the job, whose finish
// follows.
func (s *server) cancelJob(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	id, err := jobID(r)
	if err != nil {
		return reply{}, err
	}
	job, err := s.Store.CancelJob(r.Context(), key.ID, id)
	if err != nil {
		return reply{}, jobFault(err)
	}
	s.Log.Info("a job was cancelled", "job", job.ID, "completed", job.Progress.Completed, "failed", job.Progress.Failed)
	return reply{body: job.Answer(s.Now())}, nil
}

// deleteJob deletes a job in any state. Its pictures cannot be had from the
// answer on; their bytes go with the next sweep.
func (s *server) deleteJob(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	id, err := jobID(r)
	if err != nil {
		return reply{}, err
	}
	if err := s.Store.DeleteJob(r.Context(), key.ID, id); err != nil {
		return reply{}, jobFault(err)
	}
	s.Log.Info("a job was deleted", "job", id)
	return reply{status: http.StatusNoContent}, nil
}

// retryJob accepts a job that captures again what failed in another. The other
// may be gone when the request is a repetition.
func (s *server) retryJob(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	id, err := jobID(r)
	if err != nil {
		return reply{}, err
	}
	request := store.NewRetry{KeyID: key.ID, JobID: id, Deadline: s.Limits.JobDeadline}
	if request.IdempotencyKey, err = idempotencyKey(r.Header); err != nil {
		return reply{}, err
	}
	if request.BodyHash, err = bodyHash(darkroom.RetryPath(id), []byte("{}")); err != nil {
		return reply{}, err
	}
	if err := s.mayAccept(); err != nil {
		return reply{}, err
	}
	job, replayed, err := s.Store.RetryJob(r.Context(), request)
	if err != nil {
		return reply{}, jobFault(err)
	}
	return s.accepted(job, nil, replayed), nil
}

// keepJob lets the results of a job live as long as those of one that ends now.
func (s *server) keepJob(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	id, err := jobID(r)
	if err != nil {
		return reply{}, err
	}
	job, err := s.Store.KeepJob(r.Context(), key.ID, id, s.Limits.Retention)
	if err != nil {
		return reply{}, jobFault(err)
	}
	return reply{body: job.Answer(s.Now())}, nil
}

// mayAccept reports why no new job is taken at the moment.
func (s *server) mayAccept() error {
	if s.stopping() {
		return stopsSoon()
	}
	if !s.FreeDisk() {
		return diskFull()
	}
	return nil
}

// jobID gives the id of the path in its one spelling. One that is none names no
// job.
func jobID(r *http.Request) (string, error) {
	text := r.PathValue("id")
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(uuid.Nil.String()) {
		return "", noSuchJob()
	}
	return id.String(), nil
}

// jobFault is why something could not be done to a job.
func jobFault(err error) error {
	if darkroom.CodeOf(err) == darkroom.CodeNotFound {
		return noSuchJob()
	}
	return unavailable(err)
}
