package worker

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/trace"
	"darkroom/internal/webhook"
)

// deliver makes one attempt to deliver a webhook and records it. A crash
// between the two makes the same attempt again, with the same id and the same
// bytes. While its receiver is busy with others it steps aside, which is no
// attempt. A task for another turn than the delivery's has come too late.
func (w *Worker) deliver(ctx context.Context, deliveryID string, turn int) error {
	delivery, err := w.Store.Delivery(ctx, deliveryID)
	switch {
	case darkroom.CodeOf(err) == darkroom.CodeNotFound:
		return nil // its job's history is over
	case err != nil:
		return fmt.Errorf("read delivery %s: %w", deliveryID, err)
	case delivery.State != darkroom.DeliveryPending || delivery.Turn() != turn:
		return nil
	}
	receiver := receiverOf(delivery.URL)
	slow, err := w.receivers.enter(receiver)
	if err != nil {
		return err
	}
	var attempt darkroom.DeliveryAttempt
	defer func() { w.receivers.leave(receiver, slow, attempt.Duration) }()
	ctx, span := trace.Start(trace.Continue(ctx, delivery.Trace), "deliver")
	attempt, err = w.attempt(ctx, delivery)
	span.Text(trace.Job, delivery.JobID).Number(trace.Attempt, attempt.Attempt).Number("http.response.status_code", attempt.Status).End(err)
	return err
}

func (w *Worker) attempt(ctx context.Context, delivery darkroom.Delivery) (darkroom.DeliveryAttempt, error) {
	secrets, err := w.Store.WebhookSecrets(ctx, delivery.KeyID)
	if err != nil {
		return darkroom.DeliveryAttempt{}, fmt.Errorf("read the webhook secrets of delivery %s: %w", delivery.ID, err)
	}
	attempt, retryAfter := w.Sender.Send(ctx, delivery, delivery.Attempts+1, secrets.All(), w.Now())
	if attempt.Status == 0 && ctx.Err() != nil {
		return attempt, fmt.Errorf("deliver %s: %w", delivery.ID, context.Cause(ctx)) // we stopped; the receiver did nothing wrong
	}
	state, at := nextDelivery(delivery, attempt, retryAfter, w.Now(), w.Jitter())
	w.Seen.delivery(state, attempt.Duration)
	w.Log.Info("a webhook was sent", "job", delivery.JobID, "delivery", delivery.ID, "attempt", attempt.Attempt,
		"status", attempt.Status, "state", state, "elapsed", attempt.Duration.Round(time.Millisecond), "code", attempt.Code, "err", attempt.Error)
	return attempt, w.insist(ctx, "recording an attempt to deliver", func(ctx context.Context) error {
		return w.Store.RecordAttempt(ctx, attempt, state, at)
	})
}

// nextDelivery decides what follows an attempt, and when.
func nextDelivery(
	delivery darkroom.Delivery, attempt darkroom.DeliveryAttempt, retryAfter time.Duration, now time.Time, jitter float64,
) (darkroom.DeliveryState, time.Time) {
	if webhook.Delivered(attempt) {
		return darkroom.DeliveryDelivered, time.Time{}
	}
	wait, left := darkroom.DeliveryBackoff(attempt.Attempt-delivery.Settled+1, jitter)
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
