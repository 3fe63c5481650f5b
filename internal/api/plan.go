package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"darkroom"
	"darkroom/internal/sitemap"
)

// Bytes of URLs in the answer to a plan. A real sitemap stays far below; what
// does not fit is counted and not listed.
const (
	maxPlanPageBytes    = 8 << 20
	maxPlanSkippedBytes = 4 << 20
)

// How many plans may be made at once, since each may hold a connection and some
// megabytes for a minute, and how long a further one waits for its turn.
const (
	defaultPlans    = 4
	defaultPlanWait = 10 * time.Second
)

// plan reads the sitemap as a job would, and gives what that job would
// capture.
func (s *server) plan(ctx context.Context, request sitemapRequest) (darkroom.PlanAnswer, error) {
	if s.stopping() {
		return darkroom.PlanAnswer{}, stopsSoon()
	}
	ctx, end := s.whileServing(ctx)
	defer end()
	leave, err := s.plans.enter(ctx, s.Limits.PlanWait)
	if err != nil {
		return darkroom.PlanAnswer{}, s.planFailed(ctx, err)
	}
	defer leave()
	draft := newPlanDraft(request)
	discovery, err := s.Walk(ctx, request.job.Crawl, sitemap.Visitor{Page: draft.add, Skip: draft.skip, ReadOn: true})
	switch {
	case darkroom.CodeOf(err) == darkroom.CodeNoURLs && discovery.SkippedInAll() > 0:
		// Why nothing is left is what the plan is asked for.
		draft.warn(sentenceOf(err))
	case err != nil:
		return darkroom.PlanAnswer{}, s.planFailed(ctx, err)
	}
	pace, known, err := s.Pace(ctx)
	if err != nil {
		return darkroom.PlanAnswer{}, unavailable(err)
	}
	plan := draft.finish(discovery)
	if known {
		plan.Estimate = draft.estimate(pace)
	}
	return plan, nil
}

// whileServing gives a context that also ends when the server begins to stop,
// with that as its cause. end must be called.
func (s *server) whileServing(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-s.Stopping:
			cancel(stopsSoon())
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		cancel(nil)
		watch.Wait()
	}
}

// planFailed gives the error of a plan as it is answered.
func (s *server) planFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	failure, coded := errors.AsType[*darkroom.Error](err)
	switch {
	case !coded:
		return s.captureFailed(&darkroom.Error{
			Code: darkroom.CodeInternal, Message: "The sitemap could not be read because of a fault inside the server",
			Hint: "Its log has more under this request_id", Err: err,
		}, darkroom.Shot{})
	case failure.Code == darkroom.CodeTimeout || failure.Code == darkroom.CodeRateLimited:
		return failure
	case slices.Contains(darkroom.CaptureCodes(), failure.Code) || slices.Contains(darkroom.SitemapCodes(), failure.Code):
		return s.captureFailed(failure, darkroom.Shot{})
	}
	return unavailable(failure)
}

func sentenceOf(err error) string {
	if failure, ok := errors.AsType[*darkroom.Error](err); ok {
		return failure.Sentence()
	}
	return err.Error()
}

// planDraft is a plan while its sitemap is being read.
type planDraft struct {
	darkroom.PlanAnswer

	request   sitemapRequest
	hosts     map[string]*planHost
	pageRoom  int // bytes
	skipRoom  int // bytes
	notListed int // pages
}

func newPlanDraft(request sitemapRequest) *planDraft {
	return &planDraft{
		PlanAnswer: darkroom.PlanAnswer{
			SitemapURL: request.job.Crawl.SitemapURL, MaxPages: request.job.Crawl.MaxPages,
			URLs: []darkroom.PlannedURL{}, Skipped: []darkroom.SkippedURL{}, Warnings: request.warnings,
		},
		request: request, hosts: map[string]*planHost{}, pageRoom: maxPlanPageBytes, skipRoom: maxPlanSkippedBytes,
	}
}

func (d *planDraft) add(page sitemap.Page) error {
	planned := darkroom.PlannedURL{URL: page.URL}
	if !page.Lastmod.IsZero() && storable(page.Lastmod) {
		planned.Lastmod = &page.Lastmod
	}
	if page.Refusal != nil {
		planned.Refused = page.Refusal.Code
	} else {
		d.Total++
		d.count(page)
	}
	if d.pageRoom -= len(page.URL); d.pageRoom < 0 {
		d.notListed++
		return nil
	}
	d.URLs = append(d.URLs, planned)
	return nil
}

func (d *planDraft) skip(skipped sitemap.Skipped) {
	if len(d.Skipped) >= darkroom.MaxPlanSkipped {
		return
	}
	if d.skipRoom -= len(skipped.URL) + len(skipped.Detail); d.skipRoom >= 0 {
		d.Skipped = append(d.Skipped, darkroom.SkippedURL(skipped))
	}
}

func (d *planDraft) warn(sentence string) { d.Warnings = append(d.Warnings, sentence) }

func (d *planDraft) finish(discovery darkroom.Discovery) darkroom.PlanAnswer {
	for _, warning := range discovery.Warnings {
		d.warn(warning)
	}
	d.Discovery, d.Discovery.Warnings = discovery, nil
	if d.notListed > 0 {
		d.warn(fmt.Sprintf("%d pages are not listed: their URLs are so long that the answer would be too large", d.notListed))
	}
	return d.PlanAnswer
}
