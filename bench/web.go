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
// sites sees each as an origin of its own.
const sites = 40

// web is the corpus behind its listeners, 127.0.0.1 to 127.0.0.40.
type web struct {
	corpus *corpus
	port   int
	server *http.Server
	wait   sync.WaitGroup
}

func startCorpus(ctx context.Context) (*web, error) {
	pages, err := newCorpus()
	if err != nil {
		return nil, err
	}
	w := &web{corpus: pages, server: &http.Server{Handler: pages, ReadHeaderTimeout: 10 * time.Second}}
	for i := range sites {
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

// manySites spreads n pages over all addresses.
func (w *web) manySites(n int) []string {
	urls := w.corpus.paths(n)
	for i, path := range urls {
		urls[i] = fmt.Sprintf("http://127.0.0.%d:%d%s", i%sites+1, w.port, path)
	}
	return urls
}

// oneSite puts n pages on one address.
func (w *web) oneSite(n int) []string {
	urls := w.corpus.paths(n)
	for i, path := range urls {
		urls[i] = fmt.Sprintf("http://127.0.0.1:%d%s", w.port, path)
	}
	return urls
}

// trivial gives n of the lightest pages.
func (w *web) trivial(n int) []string {
	urls := make([]string, n)
	for i := range urls {
		urls[i] = fmt.Sprintf("http://127.0.0.%d:%d/trivial/%d", i%sites+1, w.port, i)
	}
	return urls
}
