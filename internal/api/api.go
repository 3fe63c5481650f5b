package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"darkroom"
	"darkroom/internal/bucket"
	"darkroom/internal/egress"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
)

// Config is what the API works with. Store, Bucket, Policy, Shoot, Walk, Pace,
// Sender and Log are required.
type Config struct {
	Store  *store.Store
	Bucket *bucket.Bucket
	Policy *egress.Policy
	Limits Limits

	Front Front // the reverse proxy, if there is one

	// Shoot takes one screenshot while its caller waits.
	Shoot func(context.Context, darkroom.CaptureRequest) (darkroom.Shot, error)

	// Thumbnail makes a small JPEG of a stored picture that is no PDF; nil = there
	// are only those that were made with their picture.
	Thumbnail func(picture []byte) ([]byte, error)

	Sender webhook.Sender // of test events

	RefuseProxies    bool   // jobs may not name a proxy of their own
	AllowInsecureTLS bool   // jobs may have certificate errors ignored
	BrowserMajor     string // the version of the browser in use, for the user agents of devices; "" = as recorded

	// Walk reads a sitemap for a plan, and Pace tells how fast captures were taken
	// lately, if that is known.
	Walk func(context.Context, darkroom.Crawl, sitemap.Visitor) (darkroom.Discovery, error)
	Pace func(context.Context) (pace store.Pace, known bool, err error)

	// Checks tells what /readyz is made of, besides the store; nil = nothing.
	Checks func(context.Context) []Check

	// Seen is told of requests; see there.
	Seen Seen

	// Metrics answers /metrics; nil = there is no such path.
	Metrics http.Handler

	// MCP makes what answers the messages of agents at /mcp, given this API, which
	// it asks as whoever sent the message; nil = there is no such path.
	MCP func(api http.Handler) http.Handler

	// FreeDisk is false while a new job would not find room for its results;
	// nil = always true.
	FreeDisk func() bool

	// Stopping is closed when the process begins to stop: waiting requests are
	// then answered at once, new jobs are refused, and /readyz says no. nil =
	// never.
	Stopping <-chan struct{}

	Version   string
	StartedAt time.Time
	Now       func() time.Time // nil = time.Now
	Log       *slog.Logger
}

// Limits are the operator's. A zero field means the default of the root
// package.
type Limits struct {
	MaxURLs      int           // in one batch
	MaxPages     int           // of one sitemap job
	MaxBodyBytes int64         // of one request
	Retention    time.Duration // default and maximum of a job
	JobDeadline  time.Duration // from acceptance to the latest possible end
	Plans        int           // sitemaps being read for plans at once; 0 = 4
	PlanWait     time.Duration // for one of these places; 0 = 10 s

	RequestsPerMinute int // of a key without a limit of its own; 0 = none
}

// Check is one part of readiness. Message may be shown to anyone with a key.
type Check struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Message string `json:"message,omitempty"`
}

// New makes the handler of every route. It must be the whole handler of a
// server without WriteTimeout: deadlines are set per write, so that a dead
// reader goes away and a slow one may continue. MaxHeaderBytes,
// ReadHeaderTimeout and IdleTimeout are the server's to set.
func New(config Config) http.Handler {
	s := &server{Config: config.withDefaults()}
	s.plans = places{make(chan struct{}, s.Limits.Plans), "The server is reading as many sitemaps for plans as it does at once"}
	s.tests = places{make(chan struct{}, maxTests), "The server is sending as many test events as it does at once"}
	s.shrinking = make(chan struct{}, 1)
	s.streams = make(chan struct{}, darkroom.MaxStreams)
	if config.MCP != nil {
		s.agents = config.MCP(http.HandlerFunc(s.serveInside))
	}
	routes := s.routes()
	s.openapi = documentText(routes, s.Version, s.Limits, s.Front.base())
	s.mux = newMux(routes, s)
	return s
}

type server struct {
	Config
	mux     *http.ServeMux
	openapi []byte
	agents  http.Handler // nil = none
	pace    pace
	plans   places
	tests   places
	logins  logins

	streams   chan struct{} // one for each that is open
	shrinking chan struct{} // thumbnails are made one at a time: captures need the CPU more
}

// routes is every route there is, with its documentation.
func (s *server) routes() []route {
	return []route{
		{"POST", "/v1/batch", withKey, s.answering(s.createBatch), createBatchDoc()},
		{"POST", "/v1/batch/screenshot", withKey, s.answering(s.createBatch), createBatchAliasDoc()},
		{"POST", "/v1/sitemap", withKey, s.createSitemap, createSitemapDoc()},
		{"POST", "/v1/sitemap/crawl", withKey, s.createSitemap, createSitemapAliasDoc()},
		{"GET", "/v1/jobs", withKey, s.answering(s.listJobs), listJobsDoc()},
		{"GET", "/v1/jobs/{id}", withKey, s.answering(s.getJob), getJobDoc()},
		{"DELETE", "/v1/jobs/{id}", withKey, s.answering(s.deleteJob), deleteJobDoc()},
		{"POST", "/v1/jobs/{id}/cancel", withKey, s.answering(s.cancelJob), cancelJobDoc()},
		{"POST", "/v1/jobs/{id}/retry", withKey, s.answering(s.retryJob), retryJobDoc()},
		{"POST", "/v1/jobs/{id}/keep", withKey, s.answering(s.keepJob), keepJobDoc()},
		{"GET", "/v1/jobs/{id}/download", withKey, s.download, downloadDoc()},
		{"GET", "/v1/jobs/{id}/events", withKey, s.streamJob, streamJobDoc()},
		{"GET", "/v1/events", withKey, s.streamJobs, streamJobsDoc()},
		{"GET", "/v1/jobs/{id}/results", withKey, s.answering(s.listResults), listResultsDoc()},
		{"GET", "/v1/jobs/{id}/captures/{index}/image", withKey, s.view(s.imageOf), imageDoc()},
		{"GET", "/v1/jobs/{id}/captures/{index}/thumbnail", withKey, s.view(s.thumbnailOf), thumbnailDoc()},
		{"GET", "/v1/jobs/{id}/captures/{index}/last-frame", withKey, s.view(s.lastFrameOf), lastFrameDoc()},
		{"GET", "/v1/screenshot", withKey, s.screenshotByQuery, screenshotByQueryDoc()},
		{"POST", "/v1/screenshot", withKey, s.screenshotByBody, screenshotByBodyDoc()},
		{"GET", "/v1/devices", withKey, s.answering(s.devices), devicesDoc()},
		{"GET", "/v1/usage", withKey, s.answering(s.usage), usageDoc()},
		{"GET", "/v1/webhooks/deliveries", withKey, s.answering(s.listDeliveries), listDeliveriesDoc()},
		{"GET", "/v1/webhooks/deliveries/{id}", withKey, s.answering(s.getDelivery), getDeliveryDoc()},
		{"POST", "/v1/webhooks/deliveries/{id}/redeliver", withKey, s.answering(s.redeliver), redeliverDoc()},
		{"GET", "/v1/webhooks/events", withKey, s.answering(s.listEvents), listEventsDoc()},
		{"POST", "/v1/webhooks/test", withKey, s.answering(s.testWebhook), testWebhookDoc()},
		{"GET", "/v1/keys", asAdmin, s.answering(s.listKeys), listKeysDoc()},
		{"POST", "/v1/keys", asAdmin, s.answering(s.createKey), createKeyDoc()},
		{"GET", "/v1/keys/{id}", asAdmin, s.answering(s.getKey), getKeyDoc()},
		{"POST", "/v1/keys/{id}/rotate", asAdmin, s.answering(s.rotateKey), rotateKeyDoc()},
		{"GET", "/v1/keys/{id}/webhook-secret", asAdmin, s.answering(s.getWebhookSecret), getWebhookSecretDoc()},
		{"POST", "/v1/keys/{id}/webhook-secret/rotate", asAdmin, s.answering(s.rotateWebhookSecret), rotateWebhookSecretDoc()},
		{"DELETE", "/v1/keys/{id}", asAdmin, s.endKey, endKeyDoc()},
		{"GET", "/health", open, s.answering(s.health), healthDoc()},
		{"GET", "/status", open, s.answering(s.health), statusDoc()},
		{"GET", "/healthz", open, s.answering(s.alive), aliveDoc()},
		{"GET", "/readyz", open, s.answering(s.ready), readyDoc()},
		{"GET", "/metrics", asAdmin, s.metrics, metricsDoc()},
		{"POST", "/mcp", withAnyKey, s.message, messageDoc()},
		{"GET", "/openapi.json", open, s.serveOpenAPI, openAPIDoc()},
	}
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.FreeDisk == nil {
		c.FreeDisk = func() bool { return true }
	}
	if c.Checks == nil {
		c.Checks = func(context.Context) []Check { return nil }
	}
	setDefault(&c.Limits.MaxURLs, darkroom.DefaultMaxURLs)
	setDefault(&c.Limits.MaxPages, darkroom.DefaultMaxPages)
	setDefault(&c.Limits.MaxBodyBytes, darkroom.DefaultMaxBodyBytes)
	setDefault(&c.Limits.Retention, darkroom.DefaultRetention)
	setDefault(&c.Limits.JobDeadline, darkroom.DefaultJobDeadline)
	setDefault(&c.Limits.Plans, defaultPlans)
	setDefault(&c.Limits.PlanWait, defaultPlanWait)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
