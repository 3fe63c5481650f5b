package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"

	"darkroom"
	"darkroom/internal/api"
	"darkroom/internal/chrome"
	"darkroom/internal/database"
	"darkroom/internal/load"
	"darkroom/internal/metrics"
	"darkroom/internal/queue"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
	"darkroom/internal/worker"
)

// How the 25 seconds are spent that a stop may take.
const (
	drainTime     = 18 * time.Second // for captures in flight
	downloadTime  = 3 * time.Second  // for answers that are being read
	tracePatience = 2 * time.Second  // for the last spans to be sent
)

// newInstanceID names one run of one process, as rows and logs do.
func newInstanceID() string { return uuid.Must(uuid.NewV7()).String() }

// openStore opens the database of a data folder and brings its tables up to
// date. seen is told what is done there.
func openStore(ctx context.Context, config config, secret [32]byte, seen *metrics.Metrics, log *slog.Logger) (*database.DB, *store.Store, *queue.Inserter, error) {
	db, err := database.Open(ctx, database.Config{Path: config.Data, URL: config.DatabaseURL, Seen: seen.Database})
	if broken, ok := errors.AsType[*database.Fault](err); ok && broken.Shared {
		return nil, nil, nil, environmentFault(broken.Hint(), "%v", broken)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	fail := func(err error) (*database.DB, *store.Store, *queue.Inserter, error) {
		return nil, nil, nil, errors.Join(err, db.Close())
	}
	inserter, err := queue.NewInserter(db)
	if err != nil {
		return fail(err)
	}
	rows, err := store.Open(ctx, db, inserter, store.Config{
		SecretKey: secret, Slots: config.MaxSlots, HostConcurrency: config.HostConcurrency, Created: seen.JobCreated, Log: log,
	})
	if err != nil {
		return fail(err)
	}
	return db, rows, inserter, nil
}

// startWork begins to take captures. ctx is the server's life.
func (s *server) startWork(ctx context.Context) (err error) {
	s.sitemaps = sitemap.New(sitemap.Config{Client: s.policy.Client(sitemap.FileTime), Admit: s.policy.Admit, Log: s.log})
	if !s.config.takesPictures() {
		return nil
	}
	s.worker = worker.New(worker.Config{
		Store: s.store, Bucket: s.bucket, OpenSlot: s.openSlot,
		Slots: s.config.Slots, MaxSlots: s.config.MaxSlots, Load: load.NewMeter(os.DirFS("/")).Read,
		Sender: s.sender(), Walk: s.sitemaps.Walk, Instance: s.instance, Version: Version,
		History: s.config.History, MinFreeDisk: s.config.MinFreeDisk, Seen: s.seen(), Log: s.log,
	})
	s.keepRunning("worker", s.halt, func() error { return s.worker.Run(ctx) })
	s.runner, err = queue.Start(ctx, s.database, s.worker.Handlers(), queue.Config{
		Instance: s.instance, Slots: s.config.MaxSlots, Log: s.log,
	})
	if err != nil {
		return err
	}
	s.onClose(func() error {
		now, cancel := context.WithCancel(context.WithoutCancel(ctx))
		cancel()
		return s.stopWork(now)
	})
	return nil
}

// stopWork takes nothing new, lets captures in flight end until ctx does, and
// hands back the rest. It may be called again.
func (s *server) stopWork(ctx context.Context) error {
	if s.worker == nil {
		return nil
	}
	s.worker.Drain(ctx)
	return s.runner.Stop(ctx)
}

func (s *server) sender() webhook.Sender {
	return webhook.Sender{Client: s.policy.Client(darkroom.DeliveryTimeout)}
}

func (s *server) openSlot(ctx context.Context) (worker.Slot, error) {
	slot, err := s.engine.OpenSlot(ctx)
	if err != nil {
		return nil, err
	}
	return slot, nil
}

// startAPI begins to answer. ctx is the server's life: its end ends the
// requests that are still being answered.
func (s *server) startAPI(ctx context.Context) error {
	config := api.Config{
		Front: s.config.Front, Store: s.store, Bucket: s.bucket, Policy: s.policy, Shoot: s.shoot,
		Sender: s.sender(), Walk: s.sitemaps.Walk, Pace: s.store.RecentPace, Thumbnail: chrome.Thumbnail,
		Limits: api.Limits{
			MaxURLs: s.config.MaxURLs, MaxPages: s.config.MaxPages, Retention: s.config.Retention, JobDeadline: s.config.JobDeadline,
			RequestsPerMinute: s.config.RateLimit,
		},
		Checks:   s.checks,
		Metrics:  s.metrics,
		Seen:     api.Seen{Request: s.metrics.Request, Stream: s.metrics.Stream, Download: s.metrics.Download},
		MCP:      s.agents,
		FreeDisk: s.roomLeft,
		Stopping: s.stopping,

		RefuseProxies: s.config.RefuseProxies, AllowInsecureTLS: s.config.InsecureTLS, BrowserMajor: s.browserMajor(),

		Version: Version, StartedAt: s.started, Log: s.log,
	}
	both, err := s.pages(api.New(config), api.Document(config))
	if err != nil {
		return err
	}
	s.api = newHTTPServer(ctx, s.parting(s.ofRole(s.traced(both))), s.log)
	clients := newCrowd(s.listener, connectionLimit(descriptorLimit()), s.log)
	clients.attend(s.api)
	s.keepRunning("API", func() { _ = s.api.Close() }, func() error { return s.api.Serve(clients) })
	path := s.folder.file(listenAddressName)
	if err := replaceFile(path, []byte(s.Local.String()+"\n")); err != nil {
		return err
	}
	s.onClose(func() error { return os.Remove(path) })
	return nil
}

// keepRunning runs a part that must not end before the server stops. Closing
// the server calls end and waits for it.
func (s *server) keepRunning(name string, end func(), run func() error) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := run()
		select {
		case <-s.stopping:
		case s.failed <- fmt.Errorf("the %s has ended: %w", name, err):
		default: // an earlier failure is told already
		}
	}()
	s.onClose(func() error {
		end()
		<-ended
		return nil
	})
}

// Failed delivers the error of a part that ended although it must not.
func (s *server) Failed() <-chan error { return s.failed }

// Stop ends the server in good order: it takes nothing new, gives captures in
// flight some time, hands back what is left without costing an attempt, lets
// answers end, and closes everything. The end of ctx makes it hurry.
func (s *server) Stop(ctx context.Context) error {
	close(s.stopping)
	drain, cancel := context.WithTimeout(ctx, drainTime)
	err := s.stopWork(drain)
	cancel()
	answers, cancel := context.WithTimeout(ctx, downloadTime)
	defer cancel()
	if cut := s.api.Shutdown(answers); cut != nil && !errors.Is(cut, context.DeadlineExceeded) && ctx.Err() == nil {
		err = errors.Join(err, fmt.Errorf("end the API: %w", cut))
	}
	return errors.Join(err, s.close())
}

// checks is what /readyz is made of, besides the store and the disk: whether
// work is done, and which of the operator's safety settings are in force.
func (s *server) checks(ctx context.Context) []api.Check {
	pictures := s.checkBucket(ctx)
	if s.worker == nil {
		return []api.Check{pictures, checkDescriptors(), {Name: "role", OK: true, Message: s.config.Role}}
	}
	work := api.Check{Name: "work", OK: true}
	if err := s.worker.Trouble(); err != nil {
		work.OK, work.Message = false, err.Error()
	}
	return []api.Check{
		pictures,
		checkDescriptors(),
		work,
		{Name: "isolation", OK: true, Message: s.engine.Isolation().String()},
		{Name: "site_isolation", OK: true, Message: word(s.config.StrictSites, "strict", "shared")},
		{Name: "insecure_tls", OK: true, Message: word(s.config.InsecureTLS, "allowed", "refused")},
		{Name: "job_proxy", OK: true, Message: word(s.config.RefuseProxies, "refused", "allowed")},
		{Name: "private_targets", OK: true, Message: word(s.Private, "allowed", "refused")},
	}
}

func word(yes bool, then, otherwise string) string {
	if yes {
		return then
	}
	return otherwise
}

// parting tells clients to come back by another connection once the server is
// stopping: the one they have ends soon.
func (s *server) parting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-s.stopping:
			w.Header().Set("Connection", "close")
		default:
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) roomLeft() bool {
	free, err := s.bucket.Free()
	return err == nil && free >= s.config.MinFreeDisk
}

func newHTTPServer(life context.Context, handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return life },
	}
}
