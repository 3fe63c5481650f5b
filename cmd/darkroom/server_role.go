package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"darkroom"
	"darkroom/internal/api"
	"darkroom/internal/bucket"
	"darkroom/internal/worker"
)

// shoot takes a picture while its caller waits.
func (s *server) shoot(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
	if s.worker == nil {
		return worker.Far{Store: s.store, Bucket: s.bucket, Log: s.log}.Shoot(ctx, request)
	}
	return s.worker.Shoot(ctx, request)
}

// browserMajor is the version of the browser; "" without one.
func (s *server) browserMajor() string {
	if s.engine == nil {
		return ""
	}
	return s.engine.Browser().Major()
}

// ofRole leaves a worker the routes that tell how it is.
func (s *server) ofRole(next http.Handler) http.Handler {
	if s.config.Role != roleWorker {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains([]string{"/healthz", "/readyz", "/metrics"}, r.URL.Path) {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = "/no-such-route-on-a-worker", ""
		}
		next.ServeHTTP(w, r)
	})
}

// bucketPatience is how long /readyz waits for an answer of the bucket.
const bucketPatience = 5 * time.Second

func (s *server) checkBucket(ctx context.Context) api.Check {
	check := api.Check{Name: "bucket", OK: true}
	ctx, cancel := context.WithTimeout(ctx, bucketPatience)
	defer cancel()
	if err := s.bucket.Check(ctx); err != nil {
		s.log.Error("the bucket cannot be used", "err", err)
		check.OK, check.Message = false, "the bucket cannot be used"
		if broken, ok := errors.AsType[*bucket.Fault](err); ok {
			check.Message = broken.Message()
		}
	}
	return check
}
