package worker

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"darkroom"
	"darkroom/internal/bucket"
	"darkroom/internal/store"
)

// Far takes screenshots where there is no browser: another instance does.
type Far struct {
	Store  *store.Store
	Bucket *bucket.Bucket
	Log    *slog.Logger
}

// farLook is between two looks whether another instance has answered.
const farLook = 50 * time.Millisecond

// Shoot is Worker.Shoot by another instance. ctx must have a deadline. Its end
// stops the other one within a second.
func (f Far) Shoot(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
	until, ok := ctx.Deadline()
	if !ok {
		return darkroom.Shot{}, fmt.Errorf("hand over a screenshot: nobody says how long to wait")
	}
	id, err := f.Store.HandOver(ctx, request, until)
	if err != nil {
		return darkroom.Shot{}, err
	}
	defer func() {
		if err := f.Store.Withdraw(context.WithoutCancel(ctx), id); err != nil {
			f.Log.Warn("a screenshot was not withdrawn; the sweep will", "err", err)
		}
	}()
	answer, err := f.await(ctx, id)
	switch {
	case err != nil:
		return darkroom.Shot{}, err
	case answer.Err != nil:
		return answer.Shot, answer.Err
	}
	answer.Shot.Image, err = f.read(ctx, answer.Artifact)
	return answer.Shot, err
}

func (f Far) await(ctx context.Context, id string) (store.ErrandAnswer, error) {
	look := time.NewTicker(farLook)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			answer, ok, err := f.Store.ErrandAnswered(ctx, id)
			if ctx.Err() == nil && (ok || err != nil) {
				return answer, err
			}
		case <-ctx.Done():
			return store.ErrandAnswer{}, context.Cause(ctx)
		}
	}
}

func (f Far) read(ctx context.Context, artifact darkroom.Artifact) (image []byte, err error) {
	r, err := f.Bucket.Open(ctx, artifact.Key, 0, -1)
	if err != nil {
		return nil, fmt.Errorf("read the picture of another instance: %w", err)
	}
	defer func() { _ = r.Close() }() // only read
	if image, err = io.ReadAll(r); err != nil {
		return nil, fmt.Errorf("read the picture of another instance: %w", err)
	}
	return image, nil
}
