package chrome

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"darkroom/internal/egress"
	"darkroom/internal/filter"
	"darkroom/internal/isolation"
)

// DefaultMemoryLimit bounds one browser: the memory of all its processes
// together, in bytes.
const DefaultMemoryLimit = 1 << 30

// Config says which browser takes the pictures and within which bounds.
type Config struct {
	Path        string         // of the browser; "" = find one
	RunDir      string         // ours alone: profiles and records of running browsers; emptied by New and Close
	Policy      *egress.Policy // what may be reached
	Limits      egress.Limits  // of one capture
	Strict      bool           // keep Chromium's site isolation, at about 0.75 of the speed
	MemoryLimit int64          // bytes of one browser; 0 = DefaultMemoryLimit
	Filter      *filter.Set    // what the options block_… keep back; nil = the program's own lists
	Log         *slog.Logger   // nil = slog.Default()

	// Isolation says whether each browser gets a namespace whose only exit is its
	// proxy. Other modes than isolation.Off need a program that calls
	// isolation.Main first.
	Isolation isolation.Mode

	Roots            []*x509.Certificate // authorities beyond the browser's own; Policy has its own copy
	AllowInsecureTLS bool                // obey ignore_https_errors
	RefuseProxies    bool                // fail captures with a proxy of their own

	without []string // containment flags that this package's tests take away, to see what gets out
}

// Engine opens slots. It owns RunDir and everything that runs in it.
type Engine struct {
	config   Config
	browser  Browser
	run      *runDir
	launcher *launcher
	watchdog *watchdog

	isolation   isolation.State
	authorities []byte // see runDir.authorities

	wornOut, broken atomic.Int64 // see Restarts

	mu     sync.Mutex
	slots  map[*Slot]struct{}
	closed bool
}

// New finds the browser and prepares RunDir: browsers that a dead predecessor
// left are killed, and its files removed. No browser is started yet. The error
// is an *isolation.Fault when Isolation is required and cannot be had.
func New(ctx context.Context, config Config) (*Engine, error) {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.MemoryLimit == 0 {
		config.MemoryLimit = DefaultMemoryLimit
	}
	if config.Filter == nil {
		own, err := filter.Open(nil, config.Log)
		if err != nil {
			return nil, err
		}
		config.Filter = own
	}
	browser, err := Find(config.Path)
	if err != nil {
		return nil, err
	}
	run, err := openRunDir(ctx, config.RunDir, config.Log)
	if err != nil {
		return nil, err
	}
	if err := run.user.reaches(browser.Path, "name another browser with --chromium"); err != nil {
		return nil, errors.Join(err, run.remove())
	}
	isolated, err := isolation.Resolve(ctx, config.Isolation, run.user.credential())
	if err != nil {
		return nil, errors.Join(err, run.remove())
	}
	trusted, err := run.authorities(ctx, config.Roots)
	if err != nil {
		return nil, errors.Join(err, run.remove())
	}
	return &Engine{
		config: config, authorities: trusted, isolation: isolated, browser: browser, run: run, slots: map[*Slot]struct{}{},
		launcher: startLauncher(), watchdog: startWatchdog(config.MemoryLimit, config.Log),
	}, nil
}

// Browser is the one in use.
func (e *Engine) Browser() Browser { return e.browser }

// Isolation says what New would find for a mode. The error is an
// *isolation.Fault when isolation is required and cannot be had.
func Isolation(ctx context.Context, mode isolation.Mode) (isolation.State, error) {
	user, err := browserAccount()
	if err != nil {
		return isolation.State{}, err
	}
	return isolation.Resolve(ctx, mode, user.credential())
}

// Isolation says whether the browsers are kept in namespaces.
func (e *Engine) Isolation() isolation.State { return e.isolation }

// Restarts is how many browsers were replaced before their slot was closed:
// because they had worked long enough, or because they crashed, hung or were
// killed.
func (e *Engine) Restarts() (wornOut, broken int64) { return e.wornOut.Load(), e.broken.Load() }

// OpenSlot makes a slot. Its browser starts with the first capture, or with
// Prepare.
func (e *Engine) OpenSlot(context.Context) (*Slot, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, fmt.Errorf("open a slot: the engine is closed")
	}
	slot := newSlot(e)
	e.slots[slot] = struct{}{}
	return slot, nil
}

func (e *Engine) forget(slot *Slot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.slots, slot)
}

// Close closes every slot and removes RunDir. Captures in progress fail. When
// it returns, no process and no file of the engine is left.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	open := make([]*Slot, 0, len(e.slots))
	for slot := range e.slots {
		open = append(open, slot)
	}
	e.mu.Unlock()

	var closing sync.WaitGroup
	for _, slot := range open {
		closing.Go(func() {
			if err := slot.Close(); err != nil {
				e.config.Log.Warn("a browser could not be closed", "err", err)
			}
		})
	}
	closing.Wait()
	e.watchdog.stop()
	e.launcher.stop()
	return e.run.remove()
}
