package store

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// A reading that may outlast the expiry of its job is written down, for other
// processes: from readingLead before the expiry on, every readingAgain. One that
// was not for readingSilent has ended with its process.
const (
	readingLead   = time.Minute
	readingAgain  = 20 * time.Second
	readingSilent = time.Minute
)

// readers counts who reads the bytes of which job in this process.
type readers struct {
	mu   sync.Mutex
	jobs map[string]int
}

// Reading keeps the bytes of a job from being given up at its expiry until end
// is called: a download that has begun may finish, in whichever process. It
// does not hold against a deletion.
func (s *Store) Reading(ctx context.Context, job darkroom.Job) (end func()) {
	done := s.readers.begin(job.ID)
	before := job.ExpiresAt.Sub(s.now())
	if !s.Shared() || job.ExpiresAt.IsZero() || before <= 0 {
		return done
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	id, wait := rand.Text(), before-readingLead
	if wait <= 0 { // before anybody can look
		s.noteReading(ctx, id, job.ID)
		wait = readingAgain
	}
	var noting sync.WaitGroup
	noting.Go(func() { s.keepNoted(ctx, id, job.ID, wait) })
	return sync.OnceFunc(func() {
		cancel()
		noting.Wait()
		done()
		if !s.now().Before(job.ExpiresAt.Add(-readingLead)) {
			s.forgetReading(context.WithoutCancel(ctx), id)
		}
	})
}

func (s *Store) keepNoted(ctx context.Context, id, jobID string, wait time.Duration) {
	for {
		select {
		case <-time.After(wait):
			s.noteReading(ctx, id, jobID)
			wait = readingAgain
		case <-ctx.Done():
			return
		}
	}
}

func (s *Store) noteReading(ctx context.Context, id, jobID string) {
	err := s.db.Update(ctx, func(tx database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO readings (id, job_id, seen_at) VALUES (?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`, id, jobID, milliseconds(s.now()))
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.log.Warn("other instances do not know that a job is being read", "job", jobID, "err", err)
	}
}

func (s *Store) forgetReading(ctx context.Context, id string) {
	err := s.db.Update(ctx, func(tx database.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM readings WHERE id = ?`, id)
		return err
	})
	if err != nil {
		s.log.Warn("the end of a reading is not known to other instances yet", "err", err)
	}
}

func (r *readers) begin(jobID string) (done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.jobs == nil {
		r.jobs = map[string]int{}
	}
	r.jobs[jobID]++
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.jobs[jobID]--; r.jobs[jobID] == 0 {
			delete(r.jobs, jobID)
		}
	})
}

func (r *readers) of(jobID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.jobs[jobID] > 0
}

func (r *readers) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.jobs)
}
