package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// A client that leaves is waited for no longer, by GET and by POST.
func TestAClientThatLeaves(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			r := newRig(t)
			begun, ended := make(chan struct{}), make(chan error, 1)
			r.shoot = func(ctx context.Context, _ darkroom.CaptureRequest) (darkroom.Shot, error) {
				close(begun)
				select {
				case <-ctx.Done():
				case <-time.After(30 * time.Second):
				}
				ended <- context.Cause(ctx)
				return darkroom.Shot{}, ctx.Err()
			}
			ctx, leave := context.WithCancel(t.Context())
			path, body := "/v1/screenshot?url=https://example.com/", ""
			if method == http.MethodPost {
				path, body = "/v1/screenshot", `{"url": "https://example.com/"}`
			}
			request := must(http.NewRequestWithContext(ctx, method, r.server.URL+path, strings.NewReader(body)))(t)
			request.Header.Set("Authorization", "Bearer "+r.key)
			go func() {
				if answer, err := http.DefaultClient.Do(request); err == nil {
					_ = answer.Body.Close()
				}
			}()
			<-begun
			leave()
			if err := <-ended; err == nil {
				t.Error("the page is taken for nobody")
			}
		})
	}
}
