package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"darkroom/internal/bucket"
	"darkroom/internal/chrome"
	"darkroom/internal/database"
	"darkroom/internal/egress"
	"darkroom/internal/filter"
	"darkroom/internal/isolation"
	"darkroom/internal/metrics"
	"darkroom/internal/queue"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
	"darkroom/internal/worker"
)

// server is every room, wired: one running Darkroom. Make it with startServer,
// wait for Failed or a reason to stop, and Stop it in any case.
type server struct {
	URL     string           // of the API, as a client on this machine reaches it
	Own     []netip.AddrPort // every listener of this process: no capture and no webhook may reach one
	Address netip.AddrPort   // as the API listens
	Local   netip.AddrPort   // as this machine reaches it
	Private bool             // whether private targets are allowed
	Fresh   bool             // whether the data folder had no API key before

	config  config
	log     *slog.Logger
	started time.Time

	folder   *dataFolder
	listener net.Listener
	database *database.DB
	inserter *queue.Inserter
	store    *store.Store
	bucket   *bucket.Bucket
	policy   *egress.Policy
	sitemaps *sitemap.Reader
	engine   *chrome.Engine
	worker   *worker.Worker
	runner   *queue.Runner
	metrics  *metrics.Metrics
	api      *http.Server

	instance string
	stopping chan struct{}      // closed when Stop begins
	halt     context.CancelFunc // ends what runs
	failed   chan error         // what a part that must not end has ended with

	closers []func() error // of what was opened, in that order
}

// startServer opens every part in the order in which they need one another.
// ctx bounds the start only. When a part fails, what was opened before it is
// closed again. ready is called when all is open but the API does not answer
// yet.
func startServer(ctx context.Context, config config, log *slog.Logger, ready func(context.Context, *server) error) (*server, error) {
	s := &server{
		config: config, log: log, started: time.Now(), instance: newInstanceID(),
		stopping: make(chan struct{}), failed: make(chan error, 2),
	}
	life, halt := context.WithCancel(context.WithoutCancel(ctx))
	s.halt = halt
	for _, open := range []func(context.Context) error{
		s.openTraces, s.openMetrics, s.openFolder, s.openListener, s.openRows, s.openBucket, s.openEngine, s.recoverWork,
	} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(startFault(err), s.close())
		}
	}
	if err := ready(ctx, s); err != nil {
		return nil, errors.Join(startFault(err), s.close())
	}
	for _, run := range []func(context.Context) error{s.refuseServers, s.startWork, s.startAPI} {
		if err := run(life); err != nil {
			return nil, errors.Join(startFault(err), s.close())
		}
	}
	return s, nil
}

// onClose remembers how to close what was just opened.
func (s *server) onClose(closer func() error) { s.closers = append(s.closers, closer) }

// close closes what is open, the last first.
func (s *server) close() error {
	defer s.halt()
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

func (s *server) openFolder(ctx context.Context) (err error) {
	if s.folder, err = openDataFolder(s.config.Data); err != nil {
		return err
	}
	if err := s.folder.Lock(ctx); err != nil {
		return err
	}
	s.onClose(s.folder.Unlock)
	// A killed predecessor leaves its address behind, which is wrong by now.
	if err := os.Remove(s.folder.file(listenAddressName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the address of the last process: %w", err)
	}
	return nil
}

// openListener takes the port before anything slow is done, so that a port in
// use is told at once. Connections wait until the API serves.
func (s *server) openListener(ctx context.Context) (err error) {
	if s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.config.Listen); err != nil {
		return environmentFault("choose another address with --listen HOST:PORT; port 0 takes a free one",
			"cannot listen on %s: %v", s.config.Listen, err)
	}
	s.onClose(func() error { return ignoreClosed(s.listener.Close()) })
	address, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("listen on %s: not a TCP address", s.config.Listen)
	}
	s.Address = netip.AddrPortFrom(address.AddrPort().Addr().Unmap(), address.AddrPort().Port())
	s.Own = append(s.Own, s.Address)
	s.Local = reachable(s.config.Listen, s.Address)
	s.URL = "http://" + s.Local.String()
	s.Private = s.config.AllowsPrivate(s.Own...)
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// reachable is the address by which this machine reaches a listener: a
// listener on every address is reached by loopback. One that was asked for as
// [::] may serve IPv6 only; any other serves IPv4.
func reachable(asked string, listening netip.AddrPort) netip.AddrPort {
	switch {
	case !listening.Addr().IsUnspecified():
		return listening
	case strings.HasPrefix(asked, "[::]"):
		return netip.AddrPortFrom(netip.IPv6Loopback(), listening.Port())
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), listening.Port())
}

func (s *server) openRows(ctx context.Context) error {
	secret, err := s.config.secretKey(s.folder)
	if err != nil {
		return err
	}
	if s.database, s.store, s.inserter, err = openStore(ctx, s.config, secret, s.metrics, s.log); err != nil {
		return err
	}
	s.onClose(s.database.Close)
	return nil
}

func (s *server) openBucket(ctx context.Context) (err error) {
	at := s.config.bucket()
	at.Seen = s.metrics.Storage
	s.bucket, err = bucket.Open(ctx, at)
	if broken, ok := errors.AsType[*bucket.Fault](err); ok {
		return environmentFault(broken.Hint(), "%v", broken)
	}
	if err != nil {
		return err
	}
	s.onClose(s.bucket.Close)
	if s.config.bucket().URL == "" {
		return writable(s.config.bucket().Dir)
	}
	return nil
}

func (s *server) openEngine(ctx context.Context) (err error) {
	s.policy, err = s.config.policy(s.Own, s.log)
	if err != nil {
		return err
	}
	if !s.config.takesPictures() {
		return nil
	}
	lists, err := filter.Open(s.config.BlockLists, s.log)
	if err != nil {
		return usage("block-lists: %v", err)
	}
	s.engine, err = chrome.New(ctx, chrome.Config{
		Filter: lists,
		Path:   s.config.Chromium, RunDir: s.folder.RunDir(), Policy: s.policy, Limits: s.config.Budget, Strict: s.config.StrictSites, Log: s.log,
		Isolation: s.config.Isolation,
		Roots:     s.config.Authorities, AllowInsecureTLS: s.config.InsecureTLS, RefuseProxies: s.config.RefuseProxies,
	})
	if err != nil {
		return environmentFault(browserHint(err, hintOr(err, "darkroom doctor")), "%v", err)
	}
	s.onClose(s.engine.Close)
	return nil
}

// browserHint is what to do about a browser that does not start; otherwise
// where the engine has no advice of its own.
func browserHint(err error, otherwise string) string {
	if fault, ok := errors.AsType[*chrome.Fault](err); ok {
		return fault.Hint()
	}
	if fault, ok := errors.AsType[*isolation.Fault](err); ok {
		return fault.Hint()
	}
	return otherwise
}

// policy is what the settings say about targets while this process has these
// listeners. The proxies of the browsers add their own.
func (c config) policy(own []netip.AddrPort, log *slog.Logger) (*egress.Policy, error) {
	policy, err := egress.NewPolicy(egress.Config{
		AllowPrivate: c.AllowsPrivate(own...), Allow: c.EgressAllow, Deny: c.EgressDeny, ListedOnly: c.ListedOnly, Self: own, RootCAs: c.rootCAs(), Log: log,
	})
	if err != nil {
		return nil, usage("%v", err)
	}
	return policy, nil
}

// recoverWork takes up what a process before this one has left, and makes the
// folder's first key.
func (s *server) recoverWork(ctx context.Context) error {
	lost, err := s.takeUp(ctx)
	if err != nil {
		return fmt.Errorf("recover the work of the last process: %w", err)
	}
	if lost > 0 {
		s.log.Info("captures of the last process are taken again", "captures", lost)
	}
	keys, err := s.store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("look for API keys: %w", err)
	}
	s.Fresh = len(keys) == 0
	return nil
}

// takeUp sets back what died with a process before this one. Beside others that
// are at work, only what is known to be dead: the one before it on this folder,
// whose lock is ours now, and those that are silent.
func (s *server) takeUp(ctx context.Context) (lost int, err error) {
	if s.config.embedded() {
		return s.store.RecoverAll(ctx)
	}
	path := s.folder.file(instanceName)
	former, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("read which process was here before: %w", err)
	}
	if id := strings.TrimSpace(string(former)); id != "" {
		if lost, err = s.store.RecoverDead(ctx, id); err != nil {
			return lost, err
		}
	}
	if err := replaceFile(path, []byte(s.instance+"\n")); err != nil {
		return lost, err
	}
	silent, err := s.store.RecoverSilent(ctx)
	return lost + silent, err
}
