package worker

import (
	"cmp"
	"context"
	"errors"
	"time"

	"darkroom"
	"darkroom/internal/bucket"
	"darkroom/internal/queue"
	"darkroom/internal/store"
)

// errandAgain is after what time a screenshot is tried again, by another instance
// perhaps, that this one cannot take: it stops, or its browser does not start.
const errandAgain = 500 * time.Millisecond

// errand takes a screenshot for an instance that has no browser, and stops when
// nobody waits for it any more.
func (w *Worker) errand(ctx context.Context, id string) error {
	if err := w.announce(ctx); err != nil {
		return err
	}
	errand, ok, err := w.Store.TakeErrand(ctx, id, w.Instance)
	if err != nil || !ok {
		return err
	}
	shot, held, err := w.shootErrand(ctx, errand)
	switch {
	case !held:
		w.Log.Info("a screenshot was stopped: nobody waits for it any more", "screenshot", id, "attempt", errand.Attempt)
		return nil
	case darkroom.CodeOf(err) == darkroom.CodeQueueUnavailable:
		return queue.Later(errandAgain)
	}
	return w.answer(context.WithoutCancel(ctx), errand, shot, err)
}

func (w *Worker) shootErrand(ctx context.Context, errand store.Errand) (shot darkroom.Shot, held bool, err error) {
	waiting, cancel := context.WithDeadline(ctx, errand.Until)
	defer cancel()
	bound, release := w.while(waiting, errand.ID, func(ctx context.Context) (bool, error) { return w.Store.HoldsErrand(ctx, errand) })
	defer release()
	shot, err = w.Shoot(bound, errand.Request)
	return shot, bound.Err() == nil || waiting.Err() != nil, err
}

func (w *Worker) answer(ctx context.Context, errand store.Errand, shot darkroom.Shot, err error) error {
	answer := store.ErrandAnswer{Shot: shot}
	answer.Shot.Image, answer.Shot.Thumbnail, answer.Shot.Evidence = nil, nil, nil
	if err == nil {
		key := bucket.ShotKey(errand.ID, 1, errand.Attempt, errand.Instance, errand.Request.Options.WithDefaults().Format)
		answer.Artifact, err = w.put(ctx, key, shot.Image, cmp.Or(shot.ContentType, errand.Request.Options.ContentType()))
	}
	if err != nil {
		answer.Err = asAnswer(err)
	}
	kept, failed := w.Store.AnswerErrand(ctx, errand, answer)
	if failed == nil && !kept {
		w.discard(ctx, answer.Artifact.Key)
	}
	return failed
}

// asAnswer is an error without what its cause says to the log only.
func asAnswer(err error) *darkroom.Error {
	if failure, ok := errors.AsType[*darkroom.Error](err); ok && failure != nil {
		return &darkroom.Error{Code: failure.Code, Message: failure.Sentence(), Hint: failure.Hint, HTTPStatus: failure.HTTPStatus}
	}
	return darkroom.Errorf(darkroom.CodeInternal, "The picture could not be stored")
}
