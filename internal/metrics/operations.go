package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// operations are what is asked of something that may be slow or fail.
type operations struct {
	duration *prometheus.HistogramVec
	errors   *prometheus.CounterVec
}

func newOperations(name, what string) operations {
	return operations{
		duration: histogram(name+"_operation_duration_seconds", "Time of one operation "+what+", successful or not.", quickBuckets, "op"),
		errors:   counter(name+"_errors_total", "Operations "+what+" that failed.", "op"),
	}
}

func (o operations) all() []prometheus.Collector { return []prometheus.Collector{o.duration, o.errors} }

func (o operations) seen(op string, took time.Duration, failed bool) {
	o.duration.WithLabelValues(op).Observe(took.Seconds())
	errors := o.errors.WithLabelValues(op)
	if failed {
		errors.Inc()
	}
}

// Storage counts an operation of the bucket.
func (m *Metrics) Storage(op string, took time.Duration, failed bool) {
	m.storage.seen(op, took, failed)
}

// Database counts an operation of the database.
func (m *Metrics) Database(op string, took time.Duration, failed bool) {
	m.databases.seen(op, took, failed)
}
