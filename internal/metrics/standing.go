package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// standingTime bounds what one scrape may take of the database.
const standingTime = 5 * time.Second

// standing asks at each scrape.
type standing struct {
	ask func(context.Context) (Standing, error)
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("darkroom_"+name, help, labels, nil)
}

// Describe says nothing: which series there are is known when they are asked
// for.
func (standing) Describe(chan<- *prometheus.Desc) {}

// Collect asks, and gives what it is told.
func (s standing) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), standingTime)
	defer cancel()
	jobs := describe("jobs", "Jobs that there are, of all keys, by kind and status.", "kind", "status")
	now, err := s.ask(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(jobs, err)
		return
	}
	gauge := func(desc *prometheus.Desc, value int, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
	}
	total := func(desc *prometheus.Desc, value int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
	}
	for _, of := range now.Jobs {
		gauge(jobs, of.Count, string(of.Kind), string(of.Status))
	}
	captures := describe("captures", "Captures of jobs that have not ended, of all keys, by state.", "state")
	gauge(captures, now.Queued, "queued")
	gauge(captures, now.Running, "running")
	seconds := func(name, help string, age time.Duration) {
		out <- prometheus.MustNewConstMetric(describe(name, help), prometheus.GaugeValue, age.Seconds())
	}
	seconds("queue_oldest_age_seconds", "Time since the job was last served that has waited longest with a capture due; 0 while none waits.", now.Waited)
	gauge(describe("webhooks_pending", "Webhooks that are to be delivered."), now.Pending)
	seconds("webhooks_overdue_seconds", "Time since the first webhook was due that was not sent yet; 0 while none is late.", now.Overdue)
	gauge(describe("instances", "Instances that take captures and have a heartbeat."), now.Instances)
	gauge(describe("slots", "Captures that this process takes at once at the moment."), now.Slots)
	gauge(describe("slots_busy", "Slots that are lent to a capture or a screenshot."), now.Busy)
	total(describe("egress_denials_total", "Requests, connections and webhooks to targets that the policy refuses."), now.Denials)
	restarts := describe("browser_restarts_total", "Browsers that were replaced: worn_out after their share of work, broken when they crashed, hung or were killed.", "reason")
	total(restarts, now.WornOut, "worn_out")
	total(restarts, now.Broken, "broken")
}
