package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// sites is how many addresses the corpus is served from: a batch of many
// sites sees each as an origin of its own. One more is for warming up, so that
// nothing of it lies in a cache afterwards.
const sites = 40

// web is the corpus behind its listeners, 127.0.0.1 to 127.0.0.41.
type web struct {
	corpus *corpus
	port   int
	server *http.Server
	wait   sync.WaitGroup
}

func startWeb(ctx context.Context) (*web, error) {
	pages, err := newCorpus()
	if err != nil {
		return nil, err
	}
	w := &web{corpus: pages, server: &http.Server{Handler: pages.handler(), ReadHeaderTimeout: 10 * time.Second}}
	for i := range sites + 1 {
		var config net.ListenConfig
		listener, err := config.Listen(ctx, "tcp4", fmt.Sprintf("127.0.0.%d:%d", i+1, w.port))
		if err != nil {
			return nil, err
		}
		if i == 0 {
			w.port = listener.Addr().(*net.TCPAddr).Port
		}
		w.wait.Go(func() {
			if err := w.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				fmt.Println("corpus:", err)
			}
		})
	}
	return w, nil
}

func (w *web) close() {
	_ = w.server.Close()
	w.wait.Wait()
}

// at is the address of a path on one of the sites, from 0.
func (w *web) at(site int, path string) string {
	return fmt.Sprintf("http://127.0.0.%d:%d%s", site+1, w.port, path)
}

// manySites spreads paths over all addresses.
func (w *web) manySites(paths []string) []string {
	urls := make([]string, len(paths))
	for i, path := range paths {
		urls[i] = w.at(i%sites, path)
	}
	return urls
}

// oneSite puts paths on one address.
func (w *web) oneSite(paths []string) []string {
	urls := make([]string, len(paths))
	for i, path := range paths {
		urls[i] = w.at(0, path)
	}
	return urls
}

// sitemap lists n mixed pages of the one site.
func (w *web) sitemap(n int) string { return w.at(0, fmt.Sprintf("/sitemap/%d", n)) }

// trivial gives n of the lightest pages.
func (w *web) trivial(n int) []string {
	urls := make([]string, n)
	for i := range urls {
		urls[i] = w.at(i%sites, fmt.Sprintf("/trivial/%d", i))
	}
	return urls
}

// warmUp gives n pages that take long enough for every tab to get one.
func (w *web) warmUp(n int) []string {
	urls := make([]string, n)
	for i := range urls {
		urls[i] = w.at(sites, fmt.Sprintf("/slow/%d", i))
	}
	return urls
}
