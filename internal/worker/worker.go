package worker

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"darkroom"
	"darkroom/internal/bucket"
	"darkroom/internal/load"
	"darkroom/internal/queue"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
)

// Slot takes one picture at a time. It heals itself: after a failed capture it
// can be used again.
type Slot interface {
	// Prepare makes the slot ready for a capture, and does nothing when it is.
	// An error says that no capture should be claimed for it.
	Prepare(ctx context.Context) error

	// Capture takes a picture before ctx ends. Its error is a *darkroom.Error
	// with a code of a failed capture; what was learned before is in the shot.
	Capture(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error)

	Close() error
}

// Config is what a worker works with. Store, Bucket, OpenSlot, Sender, Walk and
// Instance are required.
type Config struct {
	Store    *store.Store
	Bucket   *bucket.Bucket
	OpenSlot func(ctx context.Context) (Slot, error)
	Sender   webhook.Sender

	// Walk reads a sitemap, as sitemap.Reader does.
	Walk func(ctx context.Context, crawl darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error)

	Slots    int // captures at once while the machine is busy; at least 1
	MaxSlots int // and while it is not, because pages wait for the network; at least Slots

	Instance string // of this process, new at every start
	Version  string

	History     time.Duration // how long jobs stay readable after they expired; 0 = darkroom.DefaultHistory
	MinFreeDisk int64         // bytes; below it nothing is claimed

	// Seen is told what ended, as it ends; nil functions are not called.
	Seen Seen

	FreeDisk func() (int64, error)        // nil = the bucket's
	Load     func() (load.Reading, error) // of the machine; nil = Slots never changes
	Now      func() time.Time             // nil = time.Now
	Jitter   func() float64               // in [0, 1); nil = random
	Log      *slog.Logger                 // nil = slog.Default()
}

// Worker works on what the queue hands out. Run must be running while its
// handlers are called.
type Worker struct {
	Config
	put       func(ctx context.Context, key string, content []byte, contentType string) (darkroom.Artifact, error)
	startedAt time.Time

	pool    *pool
	space   *space
	flights *flights
	drained *signal // no more claims
	aborted *signal // what is in flight is handed back

	receivers *receivers // of webhooks
	readers   *places    // of sitemaps, by key

	announced sync.Mutex
	beaten    bool // the first heartbeat is written; guarded by announced

	orphansAt time.Time // when orphans were last looked for; the sweep's own, which runs once at a time
	sweeping  sync.Mutex
}

// New makes a worker. It does nothing before Run and the handlers are called.
func New(config Config) *Worker {
	config = config.withDefaults()
	return &Worker{
		Config:    config,
		put:       config.Bucket.Put,
		startedAt: config.Now(),
		pool:      newPool(config.Slots, config.MaxSlots, config.OpenSlot),
		space:     &space{least: config.MinFreeDisk, free: config.FreeDisk},
		flights:   newFlights(),
		drained:   &signal{},
		aborted:   &signal{},
		receivers: newReceivers(config.Now),
		readers:   newPlaces(readingsPerKey),
	}
}

func (c Config) withDefaults() Config {
	c.Slots = max(1, c.Slots)
	if c.MaxSlots = max(c.Slots, c.MaxSlots); c.Load == nil {
		c.MaxSlots = c.Slots
	}
	if c.History == 0 {
		c.History = darkroom.DefaultHistory
	}
	if c.FreeDisk == nil {
		c.FreeDisk = c.Bucket.Free
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Log = c.Log.With("instance", c.Instance)
	return c
}

// Handlers are what the queue calls.
func (w *Worker) Handlers() queue.Handlers {
	return queue.Handlers{Shift: w.shift, Expand: w.expand, Finish: w.finish, Deliver: w.deliver, Sweep: w.sweep, Screenshot: w.errand}
}
