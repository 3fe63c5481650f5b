package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

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
		delivery, err := findDelivery(ctx, tx, `d.id = ?`, attempt.DeliveryID)
		if err != nil {
			return err
		}
		return s.queue.Insert(ctx, tx, deliverTask(delivery))
	})
	return wrap(err, "record attempt %d of delivery %s", attempt.Attempt, attempt.DeliveryID)
}

func insertAttempt(ctx context.Context, tx database.Tx, a darkroom.DeliveryAttempt) error {
	response := a.Response[:min(len(a.Response), darkroom.MaxDeliveryResponseBytes)]
	if response == nil {
		response = []byte{}
	}
	header, err := json.Marshal(a.Header)
	if err != nil {
		return fmt.Errorf("store the header of the attempt: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO delivery_attempts (delivery_id, attempt, started_at, duration, header, status, code, error, response)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, a.DeliveryID, a.Attempt, milliseconds(a.StartedAt), a.Duration.Milliseconds(),
		string(header), a.Status, string(a.Code), a.Error, response)
	return err
}

// Attempts lists the attempts of a delivery, in order.
func (s *Store) Attempts(ctx context.Context, deliveryID string) ([]darkroom.DeliveryAttempt, error) {
	all, err := queryAll(ctx, s.db.Read(ctx), scanAttempt, `SELECT delivery_id, attempt, started_at, duration, header, status, code, error, response
		FROM delivery_attempts WHERE delivery_id = ? ORDER BY attempt`, deliveryID)
	return all, wrap(err, "read the attempts of delivery %s", deliveryID)
}

func scanAttempt(r row) (a darkroom.DeliveryAttempt, err error) {
	var started, duration int64
	var header string
	if err = r.Scan(&a.DeliveryID, &a.Attempt, &started, &duration, &header, &a.Status, &a.Code, &a.Error, &a.Response); err != nil {
		return a, err
	}
	a.StartedAt, a.Duration = moment(started), span(duration)
	return a, wrap(json.Unmarshal([]byte(header), &a.Header), "read the header of an attempt")
}
