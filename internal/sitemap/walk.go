package sitemap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"darkroom"
)

// walk is one reading of a crawl's sitemaps.
type walk struct {
	*Reader
	*tally
	crawl   darkroom.Crawl
	start   *url.URL
	choice  *choice
	manners *manners
	sample  *sample         // nil = every page counts
	visited map[string]bool // files, by canonical address
	files   int             // asked for
	left    int64           // bytes of all files
	entries int             // of all files
	failed  error           // of the visitor
	lost    bool            // a page could not be given: time was up
}

// maxTailBytes is what may follow the end of a file.
const maxTailBytes = 4 << 10

// errStop ends the reading of everything. Why is known elsewhere.
var errStop = errors.New("reading ends")

// errVisited is why a file is not read: it was read already.
var errVisited = errors.New("the file was read before")

func newWalk(r *Reader, crawl darkroom.Crawl, visit Visitor) (*walk, error) {
	choice, err := newChoice(r, crawl)
	if err != nil {
		return nil, err
	}
	w := &walk{
		Reader: r, tally: newTally(visit), crawl: crawl, choice: choice, manners: newManners(r),
		visited: make(map[string]bool), left: r.limits.TotalBytes,
	}
	if crawl.PerTemplate > 0 {
		w.sample = newSample(crawl.PerTemplate, crawl.MaxPages)
	}
	return w, nil
}

func (w *walk) run(ctx context.Context) (darkroom.Discovery, error) {
	w.tally.log = func(problem *darkroom.Error) {
		w.Reader.log.InfoContext(ctx, "sitemap could not be read as it is", "code", problem.Code, "err", problem)
	}
	limited, cancel := context.WithTimeoutCause(ctx, w.limits.Time, errTimeUp)
	defer cancel()
	err := w.readAll(limited)
	if err == nil || errors.Is(err, errStop) {
		err = w.giveSample(limited)
	}
	if err == nil || errors.Is(err, errStop) {
		err = w.conclude()
	}
	return w.report(), err
}

// conclude is the error of a walk that has read what there was to read.
func (w *walk) conclude() error {
	w.Ended = true
	switch {
	case w.failed != nil:
		w.Ended = false
		return w.failed
	case w.pages > 0:
		return nil
	case w.first != nil && (w.Found == 0 || w.lost):
		return w.promote()
	}
	return w.nothingLeft(w.crawl.SitemapURL)
}

func (w *walk) readAll(ctx context.Context) error {
	var err error
	if w.start, err = w.admit(w.crawl.SitemapURL); err != nil {
		w.complain(blocked(err, "%s", sentence(err)))
		return nil
	}
	start := w.start
	w.choice.hosts[siteHost(start)] = true
	if start.RawQuery == "" && (start.Path == "/" || start.Path == "" || start.Path == "/robots.txt") {
		return w.discover(ctx, start)
	}
	return w.readOne(ctx, start, 1)
}

// readOne is read where the problem of a file is one more problem.
func (w *walk) readOne(ctx context.Context, address *url.URL, depth int) error {
	problem, err := w.read(ctx, address, depth)
	if problem != nil {
		w.complain(problem)
	}
	return err
}

// read reads one file, and the files that it names when it is an index.
// depth is 1 for a file that no index has named. An error ends the walk; a
// problem is that file's own.
func (w *walk) read(ctx context.Context, address *url.URL, depth int) (*darkroom.Error, error) {
	if w.files == w.limits.Files {
		w.complain(tooLarge("%d files were asked for; there are more sitemaps", w.limits.Files))
		return nil, errStop
	}
	w.files++
	answer, err := w.fetch(ctx, address, w.enter)
	if err != nil {
		return w.classify(ctx, address, err)
	}
	if depth == 1 && w.choice.hosts[siteHost(address)] {
		w.choice.hosts[siteHost(answer.address)] = true // the site has moved
	}
	children, err := w.readFile(ctx, answer, depth)
	w.progress()
	problem, err := w.classify(ctx, answer.address, err)
	if err != nil {
		return problem, err
	}
	if problem != nil && len(children) > 0 {
		w.complain(problem) // before those of the files that it names
		problem = nil
	}
	for _, child := range children {
		if err := w.readOne(ctx, child, depth+1); err != nil {
			return nil, err
		}
	}
	return problem, nil
}

// enter notes that a file is about to be read.
func (w *walk) enter(address *url.URL) error {
	key := plain(address)
	if w.visited[key] {
		return errVisited
	}
	w.visited[key] = true
	return nil
}

// readFile reads the entries of one file: it gives the pages on and the
// sitemaps back, no more of them than may be read.
func (w *walk) readFile(ctx context.Context, answer *file, depth int) (children []*url.URL, err error) {
	defer answer.Body.Close()
	opened, err := answer.open(w.limits.FileBytes, &w.left)
	if err != nil {
		return nil, err
	}
	before := w.entries
	named := make(map[string]bool)
	err = parse(opened, answer.address, w.limits.FileURLs, func(found entry) error {
		if w.entries++; w.entries%100 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case w.entries > w.limits.TotalURLs:
			return errAllURLs
		case !found.child:
			return w.page(ctx, found)
		case depth > w.limits.Depth:
			return malformed(fmt.Sprintf("is an index inside %d others", w.limits.Depth))
		case len(children) <= w.limits.Files-w.files && !named[string(found.loc)]:
			if child := w.child(answer.address, found); child != nil {
				named[string(found.loc)] = true
				children = append(children, child)
			}
		}
		return nil
	})
	if err == nil || w.entries > before {
		w.Sitemaps++
	}
	if err == nil { // so that the connection serves for the next file
		_, _ = io.CopyN(io.Discard, answer.Body, maxTailBytes)
	}
	return children, err
}

// child is the address of a sitemap that an index names, nil when it cannot be
// read.
func (w *walk) child(index *url.URL, found entry) *url.URL {
	address, err := w.admit(string(found.loc))
	if err != nil {
		w.complain(blocked(err, "%s names %s, which may not be reached: %s", show(index.String()), quote(string(found.loc)), sentence(err)))
		return nil
	}
	return address
}
