package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
)

// Errand is a single screenshot that one instance has handed to another.
type Errand struct {
	ID       string
	Attempt  int // from 1
	Instance string
	Request  darkroom.CaptureRequest
	Until    time.Time // nobody waits for it any longer
}

// ErrandAnswer is what came of one.
type ErrandAnswer struct {
	Shot     darkroom.Shot     // without its image
	Artifact darkroom.Artifact // the image; Key "" = none
	Err      *darkroom.Error   // nil = success
}

// errandGrace is how long a row stays after its deadline: clocks differ.
const errandGrace = time.Minute

// HandOver asks the instances with a browser for a screenshot. When none is
// alive it is a CodeQueueUnavailable. Whoever asks must Withdraw it in the end.
func (s *Store) HandOver(ctx context.Context, request darkroom.CaptureRequest, until time.Time) (id string, err error) {
	id = uuid.Must(uuid.NewV7()).String()
	plain, err := json.Marshal(request)
	if err != nil {
		return "", fmt.Errorf("hand over a screenshot: %w", err)
	}
	err = s.update(ctx, func(tx database.Tx) error {
		alive := false
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM instances WHERE seen_at >= ?)`, milliseconds(s.now().Add(-silence))).Scan(&alive)
		if err != nil {
			return err
		}
		if !alive {
			return &darkroom.Error{
				Code: darkroom.CodeQueueUnavailable, Message: "No instance with a browser is at work",
				Hint: "Start one with --role worker or all, or send a batch of one URL, which waits for it",
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO screenshots (id, request, deadline) VALUES (?, ?, ?)`,
			id, s.seal.close(plain, errandPurpose(id)), milliseconds(until)); err != nil {
			return err
		}
		return s.queue.Insert(ctx, tx, queue.Task{Kind: queue.Screenshot, ID: id})
	})
	return id, wrap(err, "hand over a screenshot")
}

func errandPurpose(id string) string { return "screenshot " + id }
func answerPurpose(id string) string { return "answer of screenshot " + id }

// TakeErrand gives the errand to an instance, and takes it from whoever had it.
// ok is false when it was answered, or is wanted no more.
func (s *Store) TakeErrand(ctx context.Context, id, instance string) (errand Errand, ok bool, err error) {
	errand = Errand{ID: id, Instance: instance}
	var sealed string
	var until int64
	err = s.update(ctx, func(tx database.Tx) error {
		return tx.QueryRow(ctx, `UPDATE screenshots SET attempt = attempt + 1, instance = ? WHERE id = ? AND answer = '' AND deadline > ?
			RETURNING attempt, request, deadline`, instance, id, milliseconds(s.now())).Scan(&errand.Attempt, &sealed, &until)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Errand{}, false, nil
	}
	if err == nil {
		errand.Until = moment(until)
		err = s.openJSON(sealed, errandPurpose(id), &errand.Request)
	}
	return errand, err == nil, wrap(err, "take screenshot %s", id)
}

func (s *Store) openJSON(sealed, purpose string, into any) error {
	plain, err := s.seal.open(sealed, purpose)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}

const heldErrand = ` WHERE id = ? AND attempt = ? AND instance = ? AND answer = ''`

// HoldsErrand reports whether somebody still waits for this attempt.
func (s *Store) HoldsErrand(ctx context.Context, errand Errand) (held bool, err error) {
	err = s.db.Read(ctx).QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM screenshots`+heldErrand+`)`,
		errand.ID, errand.Attempt, errand.Instance).Scan(&held)
	return held, wrap(err, "look at screenshot %s", errand.ID)
}

// AnswerErrand says what came of an attempt. kept is false when it is wanted no
// more or was given to another instance; then nothing has changed and the
// artifact is an orphan.
func (s *Store) AnswerErrand(ctx context.Context, errand Errand, answer ErrandAnswer) (kept bool, err error) {
	plain, err := json.Marshal(answer)
	if err != nil {
		return false, fmt.Errorf("answer screenshot %s: %w", errand.ID, err)
	}
	err = s.update(ctx, func(tx database.Tx) error {
		kept = false
		changed, err := tx.Exec(ctx, `UPDATE screenshots SET answer = ?, artifact_key = ?`+heldErrand,
			s.seal.close(plain, answerPurpose(errand.ID)), answer.Artifact.Key, errand.ID, errand.Attempt, errand.Instance)
		if err != nil || changed == 0 {
			return err
		}
		kept = true
		if answer.Artifact.Key == "" {
			return nil
		}
		return insertArtifact(ctx, tx, answer.Artifact)
	})
	return kept && err == nil, wrap(err, "answer screenshot %s", errand.ID)
}

// ErrandAnswered gives what came of an errand; ok is false before.
func (s *Store) ErrandAnswered(ctx context.Context, id string) (answer ErrandAnswer, ok bool, err error) {
	var sealed string
	err = s.db.Read(ctx).QueryRow(ctx, `SELECT answer FROM screenshots WHERE id = ?`, id).Scan(&sealed)
	if err == nil && sealed != "" {
		ok, err = true, s.openJSON(sealed, answerPurpose(id), &answer)
	}
	return answer, ok, wrap(err, "look for the answer to screenshot %s", id)
}

// Withdraw ends an errand, whatever has come of it. A sweep deletes its bytes.
func (s *Store) Withdraw(ctx context.Context, id string) error {
	err := s.update(ctx, func(tx database.Tx) error { return dropErrands(ctx, tx, `id = ?`, id) })
	return wrap(err, "withdraw screenshot %s", id)
}

func dropErrands(ctx context.Context, tx database.Tx, condition string, args ...any) error {
	keys, err := queryAll(ctx, tx, scanText, `DELETE FROM screenshots WHERE `+condition+` RETURNING artifact_key`, args...)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := tx.Exec(ctx, `UPDATE artifacts SET uses = uses - 1 WHERE key = ?`, key); err != nil {
			return err
		}
	}
	return nil
}
