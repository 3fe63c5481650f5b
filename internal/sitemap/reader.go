package sitemap

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"darkroom"
)

// Config is what a Reader works with. Client and Admit must be set.
type Config struct {
	// Client sends every request. It must not follow redirects by itself and must
	// not unpack what it is sent; its Timeout should be FileTime, and its transport
	// decides where may be connected to.
	Client *http.Client

	// Admit decides about every URL by its text, pages and hops of redirects
	// alike, and gives it in canonical form.
	Admit func(raw string) (*url.URL, error)

	Now    func() time.Time // nil = time.Now
	Limits Limits
	Log    *slog.Logger // nil = nothing is logged
}

// Reader reads sitemaps. It is safe for concurrent use and keeps nothing
// between two walks.
type Reader struct {
	client *http.Client
	admit  func(raw string) (*url.URL, error)
	now    func() time.Time
	limits Limits
	log    *slog.Logger
}

// New makes a reader.
func New(config Config) *Reader {
	r := &Reader{
		client: config.Client, admit: config.Admit, now: config.Now,
		limits: config.Limits.withDefaults(), log: config.Log,
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	return r
}

// Page is one URL to capture.
type Page struct {
	URL     string            // canonical
	Host    string            // as egress.HostPort gives it
	Lastmod time.Time         // the earliest moment that the sitemap's date can mean; zero when it says nothing
	Refusal *darkroom.Failure // CodeRobotsDenied when robots.txt forbids the page; nil otherwise, and unless robots are respected
	Delay   time.Duration     // least time between two visits that robots.txt asks for, at most darkroom.MaxHostDelay; 0 = none
}

// Skipped is one URL that is not captured.
type Skipped struct {
	URL    string // as the sitemap has it, cut at darkroom.MaxURLBytes, valid UTF-8; may be empty
	Reason darkroom.SkipReason
	Detail string // completes the reason where it does not say all; may be empty
}

// Visitor is told what a walk finds. Its functions are called one at a time,
// by the goroutine that walks.
type Visitor struct {
	Page func(Page) error // an error ends the walk

	// Skip is called for each URL that is left out. It may be nil: they are counted
	// all the same.
	Skip func(Skipped)

	// Progress is called after each file and each 1000 URLs. It may be nil. The
	// Discovery is a copy.
	Progress func(darkroom.Discovery)

	// Problem is called for each file that cannot be had or read, wholly or in part.
	// It may be nil.
	Problem func(*darkroom.Error)

	// ReadOn goes on when MaxPages pages were found, and skips the rest as
	// SkipOverLimit.
	ReadOn bool
}

// Walk reads the sitemap of a crawl and gives its pages in the order in which
// they are listed, each once, MaxPages at most. The same files give the same
// pages. With PerTemplate the pages are given at the end.
//
// What a file that is broken or too large had given until then counts, with a
// warning. Only when nothing at all was found the error is a *darkroom.Error
// about the sitemap: the code of a failed capture when it could not be
// fetched, or one of darkroom.SitemapCodes. An error of visit.Page, and that of
// a ctx that ends, are returned as they are. The Discovery tells how far it
// came in any case.
func (r *Reader) Walk(ctx context.Context, crawl darkroom.Crawl, visit Visitor) (darkroom.Discovery, error) {
	w, err := newWalk(r, crawl, visit)
	if err != nil {
		return darkroom.Discovery{}, err
	}
	return w.run(ctx)
}
