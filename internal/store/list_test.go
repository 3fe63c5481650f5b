package store

import (
	"fmt"
	"testing"
	"time"

	"darkroom"
)

func TestJobsAreListedNewestFirstInPages(t *testing.T) {
	f := newFixture(t, 1)
	var ids []string
	for range 25 {
		ids = append(ids, f.submit(NewJob{Targets: targets(1, 1)}).ID)
	}
	f.submit(NewJob{KeyID: f.newKey("other").ID, Targets: targets(1, 1)})
	for name, c := range map[string]struct {
		filter      JobFilter
		count, head int // head: index of the first one, counted from the newest
	}{
		"default":         {JobFilter{}, 20, 0},
		"second page":     {JobFilter{Limit: 10, Offset: 10}, 10, 10},
		"last page":       {JobFilter{Limit: 10, Offset: 20}, 5, 20},
		"beyond":          {JobFilter{Limit: 10, Offset: 30}, 0, 0},
		"clamped":         {JobFilter{Limit: 1000}, 25, 0},
		"negative offset": {JobFilter{Offset: -1}, 20, 0},
	} {
		page, err := f.Jobs(t.Context(), f.key.ID, c.filter)
		check(t, err)
		if page.Jobs == nil || len(page.Jobs) != c.count || page.Total != 25 {
			t.Errorf("%s: %d jobs of %d", name, len(page.Jobs), page.Total)
			continue
		}
		for i, job := range page.Jobs {
			if want := ids[len(ids)-1-c.head-i]; job.ID != want {
				t.Errorf("%s: job %d is %s, want %s", name, i, job.ID, want)
			}
		}
	}
}

func TestListFilters(t *testing.T) {
	f := newFixture(t, 1)
	begin := f.clock.now
	f.submit(NewJob{Targets: targets(1, 1), Name: "Spring 100% off_season", Tags: []string{"shop", "eu"}})
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	done := f.finish(claim.JobID)
	f.clock.forward(time.Hour)
	running := f.submit(NewJob{Targets: targets(1, 1), Name: "autumn", Tags: []string{"shop"}})
	f.claim(Hint{})
	f.clock.forward(time.Hour)
	site := f.crawl(1)
	for name, c := range map[string]struct {
		filter JobFilter
		want   []string
	}{
		"all":                    {JobFilter{}, []string{site.ID, running.ID, done.ID}},
		"completed":              {JobFilter{Status: darkroom.StatusCompleted}, []string{done.ID}},
		"processing":             {JobFilter{Status: darkroom.StatusProcessing}, []string{running.ID}},
		"pending":                {JobFilter{Status: darkroom.StatusPending}, []string{site.ID}},
		"failed":                 {JobFilter{Status: darkroom.StatusFailed}, nil},
		"sitemap":                {JobFilter{Type: darkroom.KindSitemap}, []string{site.ID}},
		"batch and completed":    {JobFilter{Type: darkroom.KindBatch, Status: darkroom.StatusCompleted}, []string{done.ID}},
		"tag":                    {JobFilter{Tag: "shop"}, []string{running.ID, done.ID}},
		"tag of one":             {JobFilter{Tag: "eu"}, []string{done.ID}},
		"tag and status":         {JobFilter{Tag: "shop", Status: darkroom.StatusProcessing}, []string{running.ID}},
		"part of the name":       {JobFilter{Query: "SPRING 100%"}, []string{done.ID}},
		"percent is no wildcard": {JobFilter{Query: "spring%season"}, nil},
		"underscore is none":     {JobFilter{Query: "off season"}, nil},
		"underscore":             {JobFilter{Query: "off_season"}, []string{done.ID}},
		"backslash":              {JobFilter{Query: `\`}, nil},
		"id":                     {JobFilter{Query: running.ID}, []string{running.ID}},
		"created after":          {JobFilter{CreatedAfter: begin.Add(time.Hour)}, []string{site.ID, running.ID}},
		"created before":         {JobFilter{CreatedBefore: begin.Add(time.Hour)}, []string{done.ID}},
		"created between":        {JobFilter{CreatedAfter: begin.Add(time.Minute), CreatedBefore: begin.Add(2 * time.Hour)}, []string{running.ID}},
	} {
		page, err := f.Jobs(t.Context(), f.key.ID, c.filter)
		check(t, err)
		var got []string
		for _, job := range page.Jobs {
			got = append(got, job.ID)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) || page.Total != len(c.want) {
			t.Errorf("%s: %v of %d, want %v", name, got, page.Total, c.want)
		}
	}
}

func TestUsage(t *testing.T) {
	f := newFixture(t, 1)
	f.clock.now = time.Date(2026, 3, 31, 23, 59, 59, 0, time.UTC)
	f.submit(NewJob{Targets: targets(3, 1)})
	f.CountRequest(t.Context(), f.key.ID)
	f.clock.forward(time.Second)
	f.add(f.crawl(2), 2)
	f.CountRequest(t.Context(), f.key.ID)
	f.CountRequest(t.Context(), f.key.ID)
	f.CountScreenshot(t.Context(), f.key.ID)
	f.CountRequest(t.Context(), "other")
	april := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		from, to time.Time
		want     Usage
	}{
		"march": {april.AddDate(0, -1, 0), april, Usage{Requests: 1, Screenshots: 3, Batches: 1}},
		"april": {april, april.AddDate(0, 1, 0), Usage{Requests: 2, Screenshots: 3, Sitemaps: 1}},
		"both":  {april.AddDate(0, -1, 0), april.AddDate(0, 1, 0), Usage{Requests: 3, Screenshots: 6, Batches: 1, Sitemaps: 1}},
		"may":   {april.AddDate(0, 1, 0), april.AddDate(0, 2, 0), Usage{}},
	} {
		if got, err := f.Usage(t.Context(), f.key.ID, c.from, c.to); must(t, got, err) != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// What was counted in memory is written by the heartbeat, and kept when it
// cannot be written.
func TestCountsAreWrittenByTheHeartbeat(t *testing.T) {
	f := newLiteFixture(t, 1)
	f.CountRequest(t.Context(), f.key.ID)
	f.exec(`CREATE TRIGGER refuse BEFORE INSERT ON usage_days BEGIN SELECT RAISE(ABORT, 'refused'); END`)
	if err := f.Flush(t.Context()); err == nil {
		t.Error("the counts were written in spite of all")
	}
	f.exec(`DROP TRIGGER refuse`)
	f.beat()
	if n := f.number(`SELECT sum(requests) FROM usage_days`); n != 1 {
		t.Errorf("%d requests written", n)
	}
}
