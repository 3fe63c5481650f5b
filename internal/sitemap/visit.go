package sitemap

import (
	"context"

	"darkroom"
)

// progressURLs is how many URLs are read between two reports.
const progressURLs = 1000

// page decides about one URL of a sitemap.
func (w *walk) page(ctx context.Context, found entry) error {
	one, refused, err := w.choice.look(found)
	if err != nil {
		return err
	}
	if w.Found++; w.Found%progressURLs == 0 {
		defer w.progress()
	}
	switch {
	case refused != nil:
		w.skip(found.loc, refused.reason, refused.detail)
		return nil
	case w.sample != nil:
		w.offer(one, found)
		return nil
	case w.pages >= w.crawl.MaxPages:
		w.choice.seen.note(one.hashes)
		w.skip(found.loc, darkroom.SkipOverLimit, "")
		return nil
	}
	w.choice.seen.keep(one.hashes)
	if err := w.give(ctx, one.pick()); err != nil {
		w.Found-- // it is neither a page nor skipped
		return err
	}
	if w.pages == w.crawl.MaxPages && !w.visit.ReadOn {
		return errStop
	}
	return nil
}

// give hands a page to the visitor. When it fails the page was not taken.
func (w *walk) give(ctx context.Context, one picked) error {
	page := one.page()
	if w.crawl.RespectRobots {
		if err := w.manners.tell(ctx, one.url(), &page); err != nil {
			w.lost = true
			return err
		}
	}
	if err := w.visit.Page(page); err != nil {
		w.failed = err
		return errStop
	}
	w.pages++
	return nil
}

// offer gives a URL to the sample, which may give up another one for it.
func (w *walk) offer(one candidate, found entry) {
	w.choice.seen.note(one.hashes)
	switch verdict, gaveWay := w.sample.add(one.pick()); {
	case verdict == enoughOfShape:
		w.skip(found.loc, darkroom.SkipNotSampled, "")
	case verdict == enoughInAll:
		w.skip(found.loc, darkroom.SkipOverLimit, "")
	case gaveWay != nil:
		w.skip([]byte(gaveWay.text), darkroom.SkipOverLimit, "")
	}
}

// giveSample hands the pages of the sample to the visitor, now that all are
// known.
func (w *walk) giveSample(ctx context.Context) error {
	if w.sample == nil || w.failed != nil {
		return nil
	}
	end := w.sample.settle()
	for _, one := range end.repeated {
		w.skip([]byte(one.text), darkroom.SkipDuplicate, "")
	}
	for _, one := range end.left {
		w.skip([]byte(one.text), darkroom.SkipNotSampled, "")
	}
	for i, one := range end.chosen {
		if err := w.give(ctx, one); err != nil {
			w.Found -= len(end.chosen) - i
			return w.record(ctx, w.start, err)
		}
	}
	return nil
}
