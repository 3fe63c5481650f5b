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
	Version        string
	BrowserProduct string
	BrowserVersion string
	Isolated       bool // each browser is in a namespace of its own

	// Standing is asked at each scrape. When it fails, its metrics are missing
	// and the scrape says why.
	Standing func(context.Context) (Standing, error)
}

// Standing is how things stand at one moment.
type Standing struct {
	Jobs    []Jobs
	Queued  int // captures
	Running int // captures

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
	retries     *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	screenshots *prometheus.CounterVec
	webhooks    *prometheus.CounterVec
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
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "darkroom", Name: "capture_duration_seconds", Help: "Time of one attempt of a capture, successful or not.",
			Buckets: []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120},
		}, []string{"result"}),
	}
	m.begin()
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(config), isolated(config.Isolated), standing{config.Standing},
		m.captures, m.retries, m.durations, m.screenshots, m.webhooks,
	)
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "darkroom", Name: name, Help: help}, labels)
}

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

func buildInfo(config Config) prometheus.Collector {
	return constant("build_info", "1, with what runs.", 1, prometheus.Labels{
		"version": config.Version, "go_version": runtime.Version(),
		"browser": config.BrowserProduct, "browser_version": config.BrowserVersion,
	})
}

func isolated(on bool) prometheus.Collector {
	value := 0.0
	if on {
		value = 1
	}
	return constant("browser_isolated", "1 while each browser is in a namespace whose only exit is its proxy, 0 while only flags hold it.", value, nil)
}

func constant(name, help string, value float64, labels prometheus.Labels) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "darkroom", Name: name, Help: help, ConstLabels: labels},
		func() float64 { return value })
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
func (m *Metrics) Delivery(state darkroom.DeliveryState) {
	m.webhooks.WithLabelValues(string(state)).Inc()
}
