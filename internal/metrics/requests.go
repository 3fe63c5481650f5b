package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// requests counts what the API answers.
type requests struct {
	answers  *prometheus.CounterVec
	begun    *prometheus.HistogramVec
	streams  prometheus.Gauge
	download prometheus.Counter
}

func newRequests() requests {
	return requests{
		answers: counter("http_requests_total", "Requests that were answered, by route, method and status.", "route", "method", "code"),
		begun:   histogram("http_request_duration_seconds", "Time until the answer to a request began.", quickBuckets, "route"),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "darkroom", Name: "event_streams", Help: "Streams of events that are open.",
		}),
		download: prometheus.NewCounter(counterOpts("download_bytes_total", "Bytes of archives that were sent.")),
	}
}

func (r requests) all() []prometheus.Collector {
	return []prometheus.Collector{r.answers, r.begun, r.streams, r.download}
}

// Request counts one that was answered. route is how the API writes it, and
// began how long it took to the first byte.
func (m *Metrics) Request(route, method string, status int, began time.Duration) {
	known := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
	if !slices.Contains(known, method) {
		method = "other" // clients invent them
	}
	m.http.answers.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.http.begun.WithLabelValues(route).Observe(began.Seconds())
}

// Stream counts streams of events that open, and with -1 those that end.
func (m *Metrics) Stream(change int) { m.http.streams.Add(float64(change)) }

// Download counts bytes of archives.
func (m *Metrics) Download(bytes int64) { m.http.download.Add(float64(bytes)) }
