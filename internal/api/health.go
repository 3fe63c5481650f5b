package api

import (
	"context"
	"net/http"
	"time"

	"darkroom"
)

// HealthAnswer is what the published API's health route says.
type HealthAnswer struct {
	Status  string `json:"status" enum:"ok"`
	Version string `json:"version"`
	Uptime  int    `json:"uptime" doc:"Seconds since the start."`
}

func (s *server) health(http.ResponseWriter, *http.Request, darkroom.APIKey) (reply, error) {
	return reply{body: HealthAnswer{Status: "ok", Version: s.Version, Uptime: int(s.Now().Sub(s.StartedAt) / time.Second)}}, nil
}

// AliveAnswer says that the process serves.
type AliveAnswer struct {
	Status string `json:"status" enum:"ok"`
}

func (s *server) alive(http.ResponseWriter, *http.Request, darkroom.APIKey) (reply, error) {
	return reply{body: AliveAnswer{Status: "ok"}}, nil
}

// ReadyAnswer says that the server can take and do work.
type ReadyAnswer struct {
	Status string  `json:"status" enum:"ready"`
	Checks []Check `json:"checks,omitempty" doc:"The parts, for ?verbose with a key."`
}

// ready tells a load balancer whether to send work here. The parts are for
// those who hold a key; details has the ones that fail.
func (s *server) ready(_ http.ResponseWriter, r *http.Request, _ darkroom.APIKey) (reply, error) {
	checks := s.checks(r.Context())
	answer := ReadyAnswer{Status: "ready"}
	var failing []darkroom.Detail
	for i, check := range checks {
		if !check.OK {
			failing = append(failing, darkroom.Detail{Index: i, Field: check.Name, Code: "not_ready", Message: check.Message})
		}
	}
	ready := len(failing) == 0
	switch {
	case !r.URL.Query().Has("verbose"):
		failing = nil
	case !checks[storeCheck].OK:
		// Nobody's key can be looked up now. The names of what fails are no secret.
		failing = onlyNames(failing)
	case s.holdsKey(r):
		answer.Checks = checks
	default:
		failing = nil
	}
	if !ready {
		return reply{}, &darkroom.Error{
			Code:       darkroom.CodeQueueUnavailable,
			Message:    "The server is not ready",
			Hint:       "Ask for /readyz?verbose with a key to see why",
			RetryAfter: comeBack,
			Details:    failing,
		}
	}
	return reply{body: answer}, nil
}

func onlyNames(failing []darkroom.Detail) []darkroom.Detail {
	for i := range failing {
		failing[i].Message = "does not work"
	}
	return failing
}

// storeCheck is where the store is among the checks, and storePatience how long
// it may take to answer.
const (
	storeCheck    = 0
	storePatience = 3 * time.Second
)

func (s *server) checks(ctx context.Context) []Check {
	checks := []Check{{Name: "store", OK: true}, {Name: "disk", OK: s.FreeDisk()}}
	asking, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	if err := s.Store.Ping(asking); err != nil {
		s.Log.Error("the job store did not answer", "err", err)
		checks[0].OK, checks[0].Message = false, "the job store does not answer"
	}
	if !checks[1].OK {
		checks[1].Message = "too little free disk for another job"
	}
	if s.stopping() {
		checks = append(checks, Check{Name: "process", Message: "the server is stopping"})
	}
	return append(checks, s.Checks(ctx)...)
}

func (s *server) stopping() bool {
	select {
	case <-s.Stopping:
		return true
	default:
		return false
	}
}

func (s *server) holdsKey(r *http.Request) bool {
	_, err := s.authenticate(r)
	return err == nil
}

// metrics is for whoever watches the server: it tells of all keys.
func (s *server) metrics(w http.ResponseWriter, r *http.Request, _ darkroom.APIKey) error {
	if s.Metrics == nil {
		return noSuchPath()
	}
	s.Metrics.ServeHTTP(w, r)
	return nil
}
