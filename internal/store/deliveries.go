package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
)

func (s *Store) insertDelivery(ctx context.Context, tx database.Tx, event darkroom.Event, callback string) error {
	now := milliseconds(s.now())
	_, err := tx.Exec(ctx, `INSERT INTO deliveries (id, job_id, key_id, url, state, next_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, event.ID, event.JobID, event.KeyID, callback, string(darkroom.DeliveryPending), now, now)
	if err != nil {
		return fmt.Errorf("insert the delivery: %w", err)
	}
	return s.queue.Insert(ctx, tx, deliverTask(darkroom.Delivery{ID: event.ID}))
}

func deliverTask(d darkroom.Delivery) queue.Task {
	return queue.Task{Kind: queue.Deliver, ID: d.ID, Sequence: d.Turn(), At: d.NextAt}
}

const selectDelivery = `SELECT d.id, d.job_id, d.key_id, d.url, e.event, e.body, d.state, d.attempts, d.redeliveries, d.settled,
	d.next_at, d.created_at, (SELECT trace FROM jobs WHERE id = d.job_id) FROM deliveries d JOIN events e ON e.id = d.id`

func scanDelivery(r row) (d darkroom.Delivery, err error) {
	var next, created int64
	err = r.Scan(&d.ID, &d.JobID, &d.KeyID, &d.URL, &d.Event, &d.Body, &d.State, &d.Attempts, &d.Redeliveries, &d.Settled, &next, &created, &d.Trace)
	d.NextAt, d.CreatedAt = moment(next), moment(created)
	return d, err
}

// Delivery gives one delivery; CodeNotFound when it was purged with its job.
func (s *Store) Delivery(ctx context.Context, id string) (darkroom.Delivery, error) {
	return findDelivery(ctx, s.db.Read(ctx), `d.id = ?`, id)
}

// DeliveryOf gives a delivery of a key; CodeNotFound for another key's too.
func (s *Store) DeliveryOf(ctx context.Context, keyID, id string) (darkroom.Delivery, error) {
	return findDelivery(ctx, s.db.Read(ctx), `d.id = ? AND d.key_id = ?`, id, keyID)
}

// findDelivery takes the id as the first argument.
func findDelivery(ctx context.Context, q database.Querier, condition string, args ...any) (darkroom.Delivery, error) {
	delivery, err := scanDelivery(q.QueryRow(ctx, selectDelivery+` WHERE `+condition, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return darkroom.Delivery{}, notFound("delivery", fmt.Sprint(args[0]))
	}
	return delivery, wrap(err, "read delivery %v", args[0])
}

// DeliveryFilter selects deliveries of a key. Zero fields select everything.
type DeliveryFilter struct {
	JobID  string
	State  darkroom.DeliveryState
	Before string // an id: only those that are older
	Limit  int    // 0 = darkroom.DefaultListLimit; at most darkroom.MaxListLimit
}

// DeliveriesOf gives a page of a key's deliveries, newest first, and whether
// there are more.
func (s *Store) DeliveriesOf(ctx context.Context, keyID string, filter DeliveryFilter) (page []darkroom.Delivery, more bool, err error) {
	where, args := []string{"d.key_id = ?"}, []any{keyID}
	for _, condition := range []struct{ text, value string }{
		{"d.job_id = ?", filter.JobID}, {"d.state = ?", string(filter.State)}, {"d.id < ?", filter.Before},
	} {
		if condition.value != "" {
			where, args = append(where, condition.text), append(args, condition.value)
		}
	}
	limit := min(orDefault(filter.Limit, darkroom.DefaultListLimit), darkroom.MaxListLimit)
	page, err = queryAll(ctx, s.db.Read(ctx), scanDelivery,
		selectDelivery+` WHERE `+strings.Join(where, " AND ")+` ORDER BY d.id DESC LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return nil, false, wrap(err, "list the deliveries of key %s", keyID)
	}
	if len(page) > limit {
		return page[:limit], true, nil
	}
	return page, false, nil
}

// Deliveries lists the deliveries of a job, oldest first.
func (s *Store) Deliveries(ctx context.Context, jobID string) ([]darkroom.Delivery, error) {
	all, err := queryAll(ctx, s.db.Read(ctx), scanDelivery, selectDelivery+` WHERE d.job_id = ? ORDER BY d.id`, jobID)
	return all, wrap(err, "read the deliveries of job %s", jobID)
}

// Redeliver sends a delivery again, also one that was delivered: the schedule
// of attempts begins anew, now. One that waits for its next attempt need not
// wait any longer; one whose attempt is due, or under way, stays as it is.
// CodeNotFound for another key's delivery too.
func (s *Store) Redeliver(ctx context.Context, keyID, id string) (d darkroom.Delivery, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		if d, err = findDelivery(ctx, tx, `d.id = ? AND d.key_id = ?`, id, keyID); err != nil {
			return err
		}
		now := moment(milliseconds(s.now()))
		if d.State == darkroom.DeliveryPending && !d.NextAt.After(now) {
			return nil
		}
		d.State, d.NextAt, d.Redeliveries, d.Settled = darkroom.DeliveryPending, now, d.Redeliveries+1, d.Attempts
		changed, err := tx.Exec(ctx, `UPDATE deliveries SET state = ?, next_at = ?, redeliveries = ?, settled = ?
			WHERE id = ? AND attempts = ? AND redeliveries = ?`,
			string(d.State), milliseconds(d.NextAt), d.Redeliveries, d.Settled, d.ID, d.Attempts, d.Redeliveries-1)
		if err == nil && changed == 0 {
			err = database.ErrOvertaken // by an attempt that was recorded just now
		}
		if err != nil {
			return err
		}
		return s.queue.Insert(ctx, tx, deliverTask(d))
	})
	return d, wrap(err, "send delivery %s again", id)
}
