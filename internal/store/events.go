package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"darkroom"
	"darkroom/internal/database"
)

// insertEvent writes what is told of the end of a job, and its delivery when
// the job has a callback. The row of the key, which gives the position, is held
// until the commit: who has read the events up to one has missed none before
// it.
func (s *Store) insertEvent(ctx context.Context, tx database.Tx, job darkroom.Job, body []byte) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an event id: %w", err)
	}
	event := darkroom.Event{ID: darkroom.EventIDPrefix + id.String(), JobID: job.ID, KeyID: job.KeyID, Name: darkroom.EventOf(job.Status), Body: body}
	err = tx.QueryRow(ctx, `UPDATE api_keys SET events = events + 1 WHERE id = ? RETURNING events`, job.KeyID).Scan(&event.Position)
	if err != nil {
		return fmt.Errorf("number the event: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO events (id, job_id, key_id, position, event, body, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, event.ID, event.JobID, event.KeyID, event.Position, event.Name, event.Body, milliseconds(s.now()))
	if err != nil {
		return fmt.Errorf("insert the event: %w", err)
	}
	if job.CallbackURL == "" {
		return nil
	}
	return s.insertDelivery(ctx, tx, event, job.CallbackURL)
}

// Events gives the events of a key that came after a position, in their order,
// at most limit. 0 is before the first.
func (s *Store) Events(ctx context.Context, keyID string, after int64, limit int) ([]darkroom.Event, error) {
	events, err := queryAll(ctx, s.db.Read(ctx), scanEvent, `SELECT id, job_id, key_id, position, event, body, created_at
		FROM events WHERE key_id = ? AND position > ? ORDER BY position LIMIT ?`, keyID, after, limit)
	return events, wrap(err, "read the events of key %s", keyID)
}

func scanEvent(r row) (e darkroom.Event, err error) {
	var created int64
	err = r.Scan(&e.ID, &e.JobID, &e.KeyID, &e.Position, &e.Name, &e.Body, &created)
	e.CreatedAt = moment(created)
	return e, err
}

// LastEvent gives the position of a key's latest event; 0 when there was none.
func (s *Store) LastEvent(ctx context.Context, keyID string) (position int64, err error) {
	err = s.db.Read(ctx).QueryRow(ctx, `SELECT events FROM api_keys WHERE id = ?`, keyID).Scan(&position)
	return position, wrap(err, "read the latest event of key %s", keyID)
}
