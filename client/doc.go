// Package client talks to a Darkroom server: it sends batches of URLs, watches
// the jobs that come of them, and fetches the archives.
//
//	c := client.New("http://127.0.0.1:8484", key)
//	job, err := c.Batch(ctx, urls, client.Params{})
//	job, err = c.Wait(ctx, job.ID, nil)
//	err = c.DownloadTo(ctx, job.ID, "shots.zip")
//
// c.Results goes through the captures of a job one by one, also while it runs,
// and c.Picture fetches one of their pictures.
//
// c.Cancel ends a job before its time and keeps what is there, c.Delete deletes
// it, and c.Retry captures again what failed, as a new job.
//
// A whole site is c.Sitemap in place of c.Batch; c.PlanSitemap tells beforehand
// which pages that would be.
//
// A receiver of webhooks checks them with VerifyWebhook; c.Deliveries and
// c.Delivery show what was sent, c.Redeliver sends it again, and c.Events tells
// of jobs that have ended without a webhook.
//
// Every call takes a context and ends when the context does. A call that fails
// for a reason that may pass (no connection, 408, 429, 5xx) is repeated twice,
// after the time that the server's Retry-After asks for or else after a short
// growing pause. That is safe for calls that create a job too, because each
// carries an Idempotency-Key that stays the same.
//
// Answers are the types of package darkroom. Errors of the server are *Error;
// errors.Is tells the kinds apart:
//
//	if errors.Is(err, client.ErrExpired) { … }
//
// The package uses the standard library only.
package client
