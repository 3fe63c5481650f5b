package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"darkroom"
)

// jobs counts those that begin and end.
type jobs struct {
	created  *prometheus.CounterVec
	ended    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	wait     *prometheus.HistogramVec
}

func newJobs() jobs {
	j := jobs{
		created:  counter("jobs_created_total", "Jobs that were accepted, by kind.", "kind"),
		ended:    counter("jobs_finished_total", "Jobs that ended, by kind and status.", "kind", "status", "cancelled"),
		duration: histogram("job_duration_seconds", "Time from the acceptance of a job to its end.", jobBuckets, "kind"),
		wait:     histogram("job_wait_seconds", "Time from the acceptance of a job to the start of its first capture.", jobBuckets, "kind"),
	}
	for _, kind := range []darkroom.JobKind{darkroom.KindBatch, darkroom.KindSitemap} {
		j.created.WithLabelValues(string(kind))
		for _, status := range []darkroom.JobStatus{darkroom.StatusCompleted, darkroom.StatusPartial, darkroom.StatusFailed} {
			j.ended.WithLabelValues(string(kind), string(status), "false")
		}
	}
	return j
}

func (j jobs) all() []prometheus.Collector {
	return []prometheus.Collector{j.created, j.ended, j.duration, j.wait}
}

// JobCreated counts a job that was accepted.
func (m *Metrics) JobCreated(kind darkroom.JobKind) {
	m.jobs.created.WithLabelValues(string(kind)).Inc()
}

// JobEnded counts a job that has ended.
func (m *Metrics) JobEnded(job darkroom.Job) {
	kind := string(job.Kind)
	m.jobs.ended.WithLabelValues(kind, string(job.Status), strconv.FormatBool(job.Cancelled)).Inc()
	m.jobs.duration.WithLabelValues(kind).Observe(job.CompletedAt.Sub(job.CreatedAt).Seconds())
	if !job.StartedAt.IsZero() {
		m.jobs.wait.WithLabelValues(kind).Observe(job.StartedAt.Sub(job.CreatedAt).Seconds())
	}
}
