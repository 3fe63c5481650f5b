package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
)

func (s *Store) insertDelivery(ctx context.Context, tx database.Tx, job darkroom.Job, body []byte) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make a delivery id: %w", err)
	}
	now := milliseconds(s.now())
	delivery := "whk_" + id.String()
	_, err = tx.Exec(ctx, `INSERT INTO deliveries (id, job_id, key_id, url, event, body, state, next_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, delivery, job.ID, job.KeyID, job.CallbackURL,
		darkroom.EventOf(job.Status), body, string(darkroom.DeliveryPending), now, now)
	if err != nil {
		return fmt.Errorf("insert the delivery: %w", err)
	}
	return s.queue.Insert(ctx, tx, queue.Task{Kind: queue.Deliver, ID: delivery, Sequence: 1})
}

const deliveryColumns = `id, job_id, key_id, url, event, body, state, attempts, next_at`

func scanDelivery(r row) (d darkroom.Delivery, err error) {
	var next int64
	err = r.Scan(&d.ID, &d.JobID, &d.KeyID, &d.URL, &d.Event, &d.Body, &d.State, &d.Attempts, &next)
	d.NextAt = moment(next)
	return d, err
}

// Delivery gives one delivery; CodeNotFound when it was purged with its job.
func (s *Store) Delivery(ctx context.Context, id string) (darkroom.Delivery, error) {
	delivery, err := scanDelivery(s.db.Read(ctx).QueryRow(ctx, `SELECT `+deliveryColumns+` FROM deliveries WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return darkroom.Delivery{}, notFound("delivery", id)
	}
	return delivery, wrap(err, "read delivery %s", id)
}

// Deliveries lists the deliveries of a job, oldest first.
func (s *Store) Deliveries(ctx context.Context, jobID string) ([]darkroom.Delivery, error) {
	all, err := queryAll(ctx, s.db.Read(ctx), scanDelivery,
		`SELECT `+deliveryColumns+` FROM deliveries WHERE job_id = ? ORDER BY id`, jobID)
	return all, wrap(err, "read the deliveries of job %s", jobID)
}

// RecordAttempt writes an attempt to deliver and what follows from it, in one
// transaction: next is the delivery's state from now on, and while that is
// pending, the next attempt's task is inserted for retryAt. An attempt that is
// recorded already, or comes after the end of the delivery, changes nothing.
func (s *Store) RecordAttempt(
	ctx context.Context, attempt darkroom.DeliveryAttempt, next darkroom.DeliveryState, retryAt time.Time,
) error {
	err := s.update(ctx, func(tx database.Tx) error {
		changed, err := tx.Exec(ctx, `UPDATE deliveries SET attempts = ?, state = ?, next_at = ?
			WHERE id = ? AND state = 'pending' AND attempts = ?`,
			attempt.Attempt, string(next), milliseconds(retryAt), attempt.DeliveryID, attempt.Attempt-1)
		if err != nil || changed == 0 {
			return err
		}
		if err := insertAttempt(ctx, tx, attempt); err != nil || next != darkroom.DeliveryPending {
			return err
		}
		return s.queue.Insert(ctx, tx, queue.Task{
			Kind: queue.Deliver, ID: attempt.DeliveryID, Sequence: attempt.Attempt + 1, At: retryAt,
		})
	})
	return wrap(err, "record attempt %d of delivery %s", attempt.Attempt, attempt.DeliveryID)
}

func insertAttempt(ctx context.Context, tx database.Tx, a darkroom.DeliveryAttempt) error {
	response := a.Response[:min(len(a.Response), darkroom.MaxDeliveryResponseBytes)]
	if response == nil {
		response = []byte{}
	}
	_, err := tx.Exec(ctx, `INSERT INTO delivery_attempts (delivery_id, attempt, started_at, duration, status, error, response)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, a.DeliveryID, a.Attempt, milliseconds(a.StartedAt), a.Duration.Milliseconds(),
		a.Status, a.Error, response)
	return err
}

// Attempts lists the attempts of a delivery, in order.
func (s *Store) Attempts(ctx context.Context, deliveryID string) ([]darkroom.DeliveryAttempt, error) {
	all, err := queryAll(ctx, s.db.Read(ctx), scanAttempt, `SELECT delivery_id, attempt, started_at, duration, status, error, response
		FROM delivery_attempts WHERE delivery_id = ? ORDER BY attempt`, deliveryID)
	return all, wrap(err, "read the attempts of delivery %s", deliveryID)
}

func scanAttempt(r row) (a darkroom.DeliveryAttempt, err error) {
	var started, duration int64
	err = r.Scan(&a.DeliveryID, &a.Attempt, &started, &duration, &a.Status, &a.Error, &a.Response)
	a.StartedAt, a.Duration = moment(started), span(duration)
	return a, err
}
