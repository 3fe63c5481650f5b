package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"darkroom/client"
	"darkroom/internal/chrome"
)

// bench is what all pieces share: the pages, the browser, and a folder for
// what is written meanwhile.
type bench struct {
	set     settings
	web     *web
	browser chrome.Browser
	user    account
	dir     string // the browser's user may enter it
}

func newBench(ctx context.Context, set settings) (*bench, error) {
	browser, err := chrome.Find("")
	if err != nil {
		return nil, err
	}
	user, err := browserAccount()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "darkroom-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{set: set, browser: browser, user: user, dir: dir}
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if b.web, err = startWeb(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	fmt.Printf("%s %s, %d processors, browsers run as %s; puppeteer's PNGs optimised for speed: %t\n",
		browser.Product, browser.Version, runtime.NumCPU(), user, set.fastPeers)
	return b, nil
}

func (b *bench) close() {
	b.web.close()
	if err := os.RemoveAll(b.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

func (b *bench) mixed() []string { return b.web.corpus.mixed(b.set.pages) }

// crawls reports whether the server takes sitemaps.
func (b *bench) crawls(ctx context.Context) bool {
	server, err := b.startService(ctx)
	if err != nil {
		return false
	}
	defer server.stop()
	job, err := server.client.Sitemap(ctx, b.web.sitemap(1), client.SitemapParams{MaxPages: 1})
	if err != nil {
		return false
	}
	_, err = server.client.Wait(ctx, job.ID, nil)
	return err == nil
}

// trials are the numbers of pages at once among which a contender's best is
// looked for; whole pages keep a processor busier.
func trials(full bool) []int {
	cores := runtime.NumCPU()
	if full {
		return []int{cores, 2 * cores, 3 * cores}
	}
	return []int{2 * cores, 3 * cores, 4 * cores}
}
