package store

import "sync"

// readers counts who reads the bytes of which job.
type readers struct {
	mu   sync.Mutex
	jobs map[string]int
}

// Reading keeps the bytes of a job from being given up at its expiry until end
// is called: a download that has begun may finish. It holds for this process
// only, and not against a deletion.
func (s *Store) Reading(jobID string) (end func()) {
	r := &s.readers
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
