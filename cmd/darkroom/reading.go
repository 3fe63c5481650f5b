package main

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"darkroom"
	"darkroom/client"
)

// countTime is how long a person is kept from the progress of a job that
// runs, to be told how many pages there are beyond its limit.
const countTime = 3 * time.Second

// planner reads a sitemap to its end, where a job stops at its limit; nil when
// nobody can.
type planner func(context.Context) (client.Plan, error)

// tellReading adds to a progress the line that says what a job's sitemap had,
// once it has been read.
func tellReading(ctx context.Context, show progress, plan planner) progress {
	told := false
	return progress{
		Update: func(job darkroom.JobAnswer) {
			show.Update(job)
			if told || job.Discovery == nil || !job.Discovery.Ended {
				return
			}
			told = true
			for _, warning := range job.Warnings {
				show.Tell("warning: " + warning)
			}
			if job.Progress.Total > 0 {
				show.Tell(readOfJob(ctx, job, plan))
			}
		},
		Capture: show.Capture,
		Tell:    show.Tell,
		Close:   show.Close,
	}
}

// readOfJob says what a job's sitemap had and, as far as that can be known
// soon, what it has beyond the job's limit.
func readOfJob(ctx context.Context, job darkroom.JobAnswer, plan planner) string {
	pages := job.Progress.Total / max(1, job.Variants)
	line := readingLine(job.SitemapURL, *job.Discovery, pages, job.MaxPages)
	if pages < job.MaxPages {
		return line
	}
	ctx, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	if plan != nil {
		if whole, err := plan(ctx); err == nil {
			return readingLine(job.SitemapURL, whole.Discovery, pagesOf(whole), job.MaxPages)
		}
	}
	return line + fmt.Sprintf(", limit %d; there may be more", job.MaxPages)
}

// readingLine says what a sitemap had and, when a limit keeps some of it out,
// how to have all.
func readingLine(url string, found darkroom.Discovery, pages, limit int) string {
	line := fmt.Sprintf("Read %s → %s pages", url, humanize.Comma(int64(pages)))
	if found.Sitemaps > 1 {
		line += fmt.Sprintf(" in %d files", found.Sitemaps)
	}
	if pages > limit {
		line += fmt.Sprintf(", limit %d; use --max-pages %d for all", limit, pages)
	}
	return line
}

// readingText is how far the reading of a sitemap is, in a few words.
func readingText(found darkroom.Discovery) string {
	text := fmt.Sprintf("%s URLs, files read: %d", humanize.Comma(int64(found.Found)), found.Sitemaps)
	if skipped := skippedText(found); skipped != "" {
		text += ", left out: " + skipped
	}
	if !found.Ended {
		text += ", not ended"
	}
	return text
}
