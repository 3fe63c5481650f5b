package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"darkroom"
	"darkroom/internal/database"
)

// sums are what captures that left the state running change of each row that
// counts them. Rows are in the order in which everybody changes them.
type sums struct {
	keys  []keySum
	jobs  []*jobSum
	hosts []hostSum
}

type keySum struct {
	id             string
	ended, waiting int // captures that ended, and that are queued again
	jobs           int
}

type jobSum struct {
	keyID             string
	behind            int // how many jobs of the key come later
	completed, failed int
	ended, waiting    int
	retaking          int
	left              remaining // after them
}

type hostSum struct {
	keyID, host    string
	ended, waiting int
}

// sumUp takes captures in the order of their jobs.
func sumUp(all []settled) (s sums) {
	for _, c := range all {
		job := s.jobOf(c)
		switch c.state {
		case darkroom.CaptureQueued:
			job.waiting++
		case darkroom.CaptureCompleted:
			job.completed++
		default:
			job.failed++
		}
		job.ended = job.completed + job.failed
		ended, waiting := 1, 0
		if c.state == darkroom.CaptureQueued {
			ended, waiting = 0, 1
		} else {
			job.retaking -= c.again
		}
		s.hosts = append(s.hosts, hostSum{c.keyID, c.host, ended, waiting})
	}
	for i, job := range slices.Backward(s.jobs) {
		at := slices.IndexFunc(s.keys, func(key keySum) bool { return key.id == job.keyID })
		if at < 0 {
			at, s.keys = len(s.keys), append(s.keys, keySum{id: job.keyID})
		}
		key := &s.keys[at]
		s.jobs[i].behind = key.jobs
		key.jobs++
		key.ended, key.waiting = key.ended+job.ended, key.waiting+job.waiting
	}
	slices.SortFunc(s.keys, func(a, b keySum) int { return cmp.Compare(a.id, b.id) })
	return s
}

func (s *sums) jobOf(c settled) *jobSum {
	if n := len(s.jobs); n > 0 && s.jobs[n-1].left.id == c.jobID {
		return s.jobs[n-1]
	}
	s.jobs = append(s.jobs, &jobSum{keyID: c.keyID, left: remaining{id: c.jobID}})
	return s.jobs[len(s.jobs)-1]
}

// Numbers of changes: each job of a key gets one, and its captures get the
// job's. See noteChange.
const (
	changedWithKey = `changed = (SELECT changes FROM api_keys WHERE id = jobs.key_id)`
	changedWithJob = `changed = (SELECT changed FROM jobs WHERE id = captures.job_id)`
)

// writeJobs counts in the keys and in the jobs. The rows of the keys are held
// first: they give the numbers of the changes.
func (s *sums) writeJobs(ctx context.Context, tx database.Tx) error {
	for _, key := range s.keys {
		err := tx.Later(ctx, `UPDATE api_keys SET running = running - ?, queued = queued + ?, changes = changes + ? WHERE id = ?`,
			key.ended+key.waiting, key.waiting, key.jobs, key.id)
		if err != nil {
			return fmt.Errorf("count the captures in their key: %w", err)
		}
	}
	for _, job := range s.jobs {
		err := tx.LaterRow(ctx, job.scan, `UPDATE jobs SET running = running - ?, queued = queued + ?, completed = completed + ?, failed = failed + ?,
			retaking = retaking + ?, `+changedWithKey+` - ? WHERE id = ? RETURNING `+remainingColumns,
			job.ended+job.waiting, job.waiting, job.completed, job.failed, job.retaking, job.behind, job.left.id)
		if err != nil {
			return fmt.Errorf("count the captures in their job: %w", err)
		}
	}
	return nil
}

func (j *jobSum) scan(r database.Row) error {
	return r.Scan(&j.left.captures, &j.left.expanding, &j.left.retaken)
}

// writeHosts counts in the hosts of the keys, and then in those of everybody.
func (s *sums) writeHosts(ctx context.Context, tx database.Tx) error {
	slices.SortFunc(s.hosts, func(a, b hostSum) int { return cmp.Or(cmp.Compare(a.keyID, b.keyID), cmp.Compare(a.host, b.host)) })
	for _, sum := range joined(s.hosts, func(a, b hostSum) bool { return a.keyID == b.keyID && a.host == b.host }) {
		err := tx.Later(ctx, `UPDATE key_hosts SET queued = queued + ?, running = running - ? WHERE key_id = ? AND host = ?`,
			sum.waiting, sum.ended+sum.waiting, sum.keyID, sum.host)
		if err != nil {
			return fmt.Errorf("count the captures in a host of their key: %w", err)
		}
	}
	slices.SortFunc(s.hosts, func(a, b hostSum) int { return cmp.Compare(a.host, b.host) })
	for _, sum := range joined(s.hosts, func(a, b hostSum) bool { return a.host == b.host }) {
		err := tx.Later(ctx, `UPDATE hosts SET queued = queued + ?, running = running - ? WHERE host = ?`,
			sum.waiting, sum.ended+sum.waiting, sum.host)
		if err != nil {
			return fmt.Errorf("count the captures in their host: %w", err)
		}
	}
	return nil
}

// joined adds up neighbours of which same says that they are one.
func joined(all []hostSum, same func(a, b hostSum) bool) []hostSum {
	var out []hostSum
	for _, one := range all {
		if n := len(out); n > 0 && same(out[n-1], one) {
			out[n-1].ended, out[n-1].waiting = out[n-1].ended+one.ended, out[n-1].waiting+one.waiting
			continue
		}
		out = append(out, one)
	}
	return out
}

// mustChange is for a statement that returns a row for each that it changes.
func mustChange(r database.Row) error {
	var one int
	err := r.Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return database.ErrOvertaken
	}
	return err
}
