package store

import (
	"context"
	"time"

	"darkroom/internal/database"
	"darkroom/internal/queue"
)

// refill puts back tasks that the queue should have and lost: it may throw its
// rows away, but the work must be done. Tasks that are there stay single.
func (s *Store) refill(ctx context.Context, tx database.Tx) error {
	if err := s.wakeAll(ctx, tx); err != nil {
		return err
	}
	if err := s.refillExpands(ctx, tx); err != nil {
		return err
	}
	if err := s.refillFinishes(ctx, tx); err != nil {
		return err
	}
	return s.refillDeliveries(ctx, tx)
}

// refillLimit bounds one transaction; the next sweep takes the rest.
const refillLimit = 200

const (
	expandingJobs = `SELECT id FROM jobs WHERE expanding = 1 ORDER BY id LIMIT ?`
	endedJobs     = `SELECT id, ` + remainingColumns + ` FROM jobs
		WHERE status = 'processing' AND queued = 0 AND running = 0 AND expanding = 0 ORDER BY id LIMIT ?`
)

func (s *Store) refillExpands(ctx context.Context, tx database.Tx) error {
	jobs, err := queryAll(ctx, tx, scanText, expandingJobs, refillLimit)
	if err != nil {
		return err
	}
	var tasks []queue.Task
	for _, id := range jobs {
		tasks = append(tasks, queue.Task{Kind: queue.Expand, ID: id})
	}
	return s.queue.Insert(ctx, tx, tasks...)
}

func (s *Store) refillFinishes(ctx context.Context, tx database.Tx) error {
	jobs, err := queryAll(ctx, tx, scanRemaining, endedJobs, refillLimit)
	if err != nil {
		return err
	}
	var tasks []queue.Task
	for _, job := range jobs {
		tasks = append(tasks, finishTask(job))
	}
	return s.queue.Insert(ctx, tx, tasks...)
}

func scanRemaining(r row) (job remaining, err error) {
	err = r.Scan(&job.id, &job.captures, &job.expanding, &job.retaken)
	return job, err
}

// overdue is how late an attempt must be before its task is taken for lost.
const overdue = time.Minute

func (s *Store) refillDeliveries(ctx context.Context, tx database.Tx) error {
	late, err := queryAll(ctx, tx, scanDelivery, selectDelivery+`
		WHERE d.state = 'pending' AND d.next_at < ? ORDER BY d.next_at LIMIT ?`, milliseconds(s.now().Add(-overdue)), refillLimit)
	if err != nil {
		return err
	}
	var tasks []queue.Task
	for _, delivery := range late {
		tasks = append(tasks, deliverTask(delivery))
	}
	return s.queue.Insert(ctx, tx, tasks...)
}
