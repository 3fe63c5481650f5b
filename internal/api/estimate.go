package api

import (
	"fmt"
	"math"
	"time"

	"darkroom"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
)

// planHost is what one host has to do with how long a job takes.
type planHost struct {
	captures int
	delay    time.Duration // the longer of the job's and its robots.txt's
}

func (d *planDraft) count(page sitemap.Page) {
	host := d.hosts[page.Host]
	if host == nil {
		host = &planHost{}
		d.hosts[page.Host] = host
	}
	host.captures += d.perPage()
	host.delay = max(host.delay, page.Delay, d.request.job.HostDelay)
}

func (d *planDraft) perPage() int { return max(1, len(d.request.job.Variants)) }

// estimate tells how long the captures would take with nothing else to do, nil
// when there are none: the slots share the pages, of which only so many of one
// host are taken at once and no faster than its delay lets them.
func (d *planDraft) estimate(pace store.Pace) *darkroom.Estimate {
	if d.Total == 0 {
		return nil
	}
	each, captures := pace.Each.Seconds(), float64(d.Total*d.perPage())
	atOnce, slowest := 0, 0.0
	for _, host := range d.hosts {
		lanes := min(host.captures, d.request.job.HostConcurrency)
		atOnce += lanes
		turns := math.Ceil(float64(host.captures) / float64(lanes))
		slowest = max(slowest, turns*each, float64(host.captures-1)*host.delay.Seconds()+each)
	}
	atOnce = min(atOnce, pace.Slots)
	whole := max(slowest, math.Ceil(captures/float64(atOnce))*each)
	return &darkroom.Estimate{
		Seconds:           int(math.Ceil(whole)),
		CapturesPerSecond: math.Round(captures/whole*1000) / 1000,
		BasedOn: fmt.Sprintf("the last %d captures, which took %s each, and %d of this job at once",
			pace.Captures, pace.Each.Round(time.Millisecond), atOnce),
	}
}
