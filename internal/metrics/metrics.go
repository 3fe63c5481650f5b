// Package metrics tells Prometheus what the server does: it counts what it is
// told of, and asks for the rest at each scrape. No label has a URL, a host, a
// job or a key in it.
package metrics

import (
	"context"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"darkroom"
)

// Config is what does not change while the process runs, and where to ask for
// what does.
type Config struct {
	Version string

	// Browser is asked at each scrape.
	Browser func() Browser

	// Standing is asked at each scrape. When it fails, its metrics are missing
	// and the scrape says why.
	Standing func(context.Context) (Standing, error)
}

// Browser is what takes the pictures; the zero value is none.
type Browser struct {
	Product  string
	Version  string
	Isolated bool // each is in a namespace of its own
}

// Standing is how things stand at one moment.
type Standing struct {
	Jobs    []Jobs
	Queued  int // captures
	Running int // captures

	Waited    time.Duration // since the job with a capture due was served that has waited longest; 0 = none waits
	Pending   int           // webhooks that are to be delivered
	Overdue   time.Duration // since the first of them was due; 0 = none is
	Instances int           // that take captures and have a heartbeat

	Slots int // captures at once, of this process, at this moment
	Busy  int // of them
	// Since the start of this process:
	Denials int64 // targets that the policy refused to reach
	WornOut int64 // browsers that were replaced because they had worked long enough
	Broken  int64 // browsers that were replaced because they crashed, hung or were killed
}

// Jobs is how many there are of one kind in one status.
type Jobs struct {
	Kind   darkroom.JobKind
	Status darkroom.JobStatus
	Count  int
}

// Metrics counts. Its methods may be called from any goroutine.
type Metrics struct {
	handler http.Handler

	captures    *prometheus.CounterVec
	sizes       *prometheus.HistogramVec
	rests       prometheus.Counter
	lost        prometheus.Counter
	expired     prometheus.Counter
	retries     *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	screenshots *prometheus.CounterVec
	webhooks    *prometheus.CounterVec
	sending     prometheus.Histogram

	jobs      jobs
	http      requests
	storage   operations
	databases operations
}

// ok is the code of what did not fail.
const ok = "ok"

// New makes metrics that are all 0.
func New(config Config) *Metrics {
	m := &Metrics{
		captures:    counter("captures_finished_total", "Captures of jobs that ended, by error code; ok are those that succeeded.", "code"),
		retries:     counter("capture_retries_total", "Attempts that failed and are made again, by error code.", "code"),
		screenshots: counter("screenshots_total", "Single screenshots (/v1/screenshot) that ended, by error code; ok are those that succeeded.", "code"),
		webhooks:    counter("webhook_attempts_total", "Attempts to deliver a webhook, by the state that the delivery is in afterwards.", "state"),
		rests:       prometheus.NewCounter(counterOpts("hosts_rested_total", "Times that a host asked to be left alone (429, 503 with Retry-After).")),
		lost:        prometheus.NewCounter(counterOpts("captures_lost_total", "Captures that this process set back because the instance that took them had gone.")),
		expired:     prometheus.NewCounter(counterOpts("artifacts_deleted_total", "Pictures and other files that were deleted after they had expired.")),
		sizes:       histogram("capture_bytes", "Size of a picture, by its format.", byteBuckets, "format"),
		sending:     prometheus.NewHistogram(histogramOpts("webhook_duration_seconds", "Time of one attempt to deliver a webhook.", slowBuckets)),
		jobs:        newJobs(),
		http:        newRequests(),
		storage:     newOperations("storage", "of the bucket"),
		databases:   newOperations("database", "of the database (a transaction, or a statement that reads)"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "darkroom", Name: "capture_duration_seconds", Help: "Time of one attempt of a capture, successful or not.",
			Buckets: []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120},
		}, []string{"result"}),
	}
	m.begin()
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		build{config.Version, config.Browser}, standing{config.Standing},
		m.captures, m.retries, m.durations, m.screenshots, m.webhooks, m.sizes, m.rests, m.lost, m.expired, m.sending,
	)
	for _, group := range [][]prometheus.Collector{m.jobs.all(), m.http.all(), m.storage.all(), m.databases.all()} {
		registry.MustRegister(group...)
	}
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(counterOpts(name, help), labels)
}

func counterOpts(name, help string) prometheus.CounterOpts {
	return prometheus.CounterOpts{Namespace: "darkroom", Name: name, Help: help}
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(histogramOpts(name, help, buckets), labels)
}

func histogramOpts(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{Namespace: "darkroom", Name: name, Help: help, Buckets: buckets}
}

// Buckets, in seconds and in bytes.
var (
	quickBuckets = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	slowBuckets  = []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}
	jobBuckets   = []float64{1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600}
	byteBuckets  = []float64{10e3, 30e3, 100e3, 300e3, 1e6, 3e6, 10e6, 30e6}
)

// begin makes every series, so that the first of something is seen as a rise
// and not as a beginning.
func (m *Metrics) begin() {
	for _, code := range append(darkroom.CaptureCodes(), ok) {
		m.captures.WithLabelValues(string(code))
		m.screenshots.WithLabelValues(string(code))
		if code != ok {
			m.retries.WithLabelValues(string(code))
		}
	}
	for _, state := range []darkroom.DeliveryState{darkroom.DeliveryDelivered, darkroom.DeliveryPending, darkroom.DeliveryFailed} {
		m.webhooks.WithLabelValues(string(state))
	}
	m.durations.WithLabelValues(ok)
	m.durations.WithLabelValues("failed")
}

// build tells what runs.
type build struct {
	version string
	browser func() Browser
}

// Describe says nothing: see standing.
func (build) Describe(chan<- *prometheus.Desc) {}

// Collect gives what does not change once the browser is known.
func (b build) Collect(out chan<- prometheus.Metric) {
	browser := b.browser()
	isolated := 0.0
	if browser.Isolated {
		isolated = 1
	}
	out <- prometheus.MustNewConstMetric(describe("build_info", "1, with what runs.", "version", "go_version", "browser", "browser_version"),
		prometheus.GaugeValue, 1, b.version, runtime.Version(), browser.Product, browser.Version)
	out <- prometheus.MustNewConstMetric(describe("browser_isolated",
		"1 while each browser is in a namespace whose only exit is its proxy, 0 while only flags hold it."), prometheus.GaugeValue, isolated)
}

// ServeHTTP answers a scrape.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

// Capture counts an attempt of a job's capture. code is "" of one that
// succeeded; again says that another attempt follows.
func (m *Metrics) Capture(code darkroom.Code, again bool, took time.Duration) {
	result := "failed"
	if code == "" {
		code, result = ok, ok
	}
	m.durations.WithLabelValues(result).Observe(took.Seconds())
	if again {
		m.retries.WithLabelValues(string(code)).Inc()
		return
	}
	m.captures.WithLabelValues(string(code)).Inc()
}

// Screenshot counts a single one. code is "" of one that succeeded.
func (m *Metrics) Screenshot(code darkroom.Code) {
	if code == "" {
		code = ok
	}
	m.screenshots.WithLabelValues(string(code)).Inc()
}

// Delivery counts an attempt to deliver a webhook, after which its delivery is
// in that state.
func (m *Metrics) Delivery(state darkroom.DeliveryState, took time.Duration) {
	m.webhooks.WithLabelValues(string(state)).Inc()
	m.sending.Observe(took.Seconds())
}

// Picture counts one that was stored for a capture.
func (m *Metrics) Picture(format string, bytes int64) {
	m.sizes.WithLabelValues(format).Observe(float64(bytes))
}

// Rest counts a host that asked to be left alone.
func (m *Metrics) Rest() { m.rests.Inc() }

// Lost counts captures that were set back because their instance had gone.
func (m *Metrics) Lost(captures int) { m.lost.Add(float64(captures)) }

// Expired counts files that were deleted after they had expired.
func (m *Metrics) Expired(files int) { m.expired.Add(float64(files)) }
