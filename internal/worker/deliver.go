package worker

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/webhook"
)

// deliver makes one attempt to deliver a webhook and records it. A crash
// between the two makes the same attempt again, with the same id and the same
// bytes. While its receiver is busy with others it steps aside, which is no
// attempt.
func (w *Worker) deliver(ctx context.Context, deliveryID string) error {
	delivery, err := w.Store.Delivery(ctx, deliveryID)
	switch {
	case darkroom.CodeOf(err) == darkroom.CodeNotFound:
		return nil // its job's history is over
	case err != nil:
		return fmt.Errorf("read delivery %s: %w", deliveryID, err)
	case delivery.State != darkroom.DeliveryPending:
		return nil
	}
	receiver := receiverOf(delivery.URL)
	if err := w.receivers.enter(receiver); err != nil {
		return err
	}
	defer w.receivers.leave(receiver)
	return w.attempt(ctx, delivery)
}

func (w *Worker) attempt(ctx context.Context, delivery darkroom.Delivery) error {
	secret, err := w.Store.WebhookSecret(ctx, delivery.KeyID)
	if err != nil {
		return fmt.Errorf("read the webhook secret of delivery %s: %w", delivery.ID, err)
	}
	attempt, retryAfter := webhook.Send(ctx, w.Client, delivery, delivery.Attempts+1, secret, w.Now())
	if attempt.Status == 0 && ctx.Err() != nil {
		return fmt.Errorf("deliver %s: %w", delivery.ID, context.Cause(ctx)) // we stopped; the receiver did nothing wrong
	}
	state, at := nextDelivery(attempt, retryAfter, w.Now(), w.Jitter())
	w.Log.Info("a webhook was sent", "job", delivery.JobID, "delivery", delivery.ID, "attempt", attempt.Attempt,
		"status", attempt.Status, "state", state, "elapsed", attempt.Duration.Round(time.Millisecond), "err", attempt.Error)
	return w.insist(ctx, "recording an attempt to deliver", func(ctx context.Context) error {
		return w.Store.RecordAttempt(ctx, attempt, state, at)
	})
}

// nextDelivery decides what follows an attempt, and when.
func nextDelivery(attempt darkroom.DeliveryAttempt, retryAfter time.Duration, now time.Time, jitter float64) (darkroom.DeliveryState, time.Time) {
	if webhook.Delivered(attempt) {
		return darkroom.DeliveryDelivered, time.Time{}
	}
	wait, left := darkroom.DeliveryBackoff(attempt.Attempt+1, jitter)
	if webhook.Gone(attempt) || !left {
		return darkroom.DeliveryFailed, time.Time{}
	}
	return darkroom.DeliveryPending, now.Add(max(wait, retryAfter))
}

// receiverOf is the host and port of a callback.
func receiverOf(callback string) string {
	parsed, err := url.Parse(callback)
	if err != nil {
		return callback // it was parsed when the job was accepted
	}
	return strings.ToLower(parsed.Host)
}
