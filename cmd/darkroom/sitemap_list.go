package main

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"darkroom"
	"darkroom/client"
)

// planLine is a whole plan as one line of --json.
type planLine struct {
	MessageType string `json:"message_type"` // "plan"
	client.Plan
}

// listSitemap prints what a job would capture: on stdout the URLs, one per
// line, and everything else on stderr.
func (p *program) listSitemap(ctx context.Context, server *target, flags *sitemapFlags, url string, choice client.SitemapParams) error {
	plan, err := server.PlanSitemap(ctx, url, choice)
	if err != nil {
		return err
	}
	if p.json {
		return p.emit(planLine{"plan", plan})
	}
	if flags.verbose {
		p.tellLeftOut(plan)
	}
	if !flags.waiting.quiet {
		p.tellPlan(plan)
	}
	for _, page := range plan.URLs {
		if page.Refused != "" {
			continue
		}
		if _, err := fmt.Fprintln(p.stdout, page.URL); err != nil {
			return fmt.Errorf("write to stdout: %w", err)
		}
	}
	return nil
}

func (p *program) tellPlan(plan client.Plan) {
	p.say("%s", readingLine(plan.SitemapURL, plan.Discovery, pagesOf(plan), plan.MaxPages))
	if text := skippedText(plan.Discovery); text != "" {
		p.say("  left out: %s", text)
	}
	if refused := len(plan.URLs) - plan.Total; refused > 0 {
		p.say("  refused by robots.txt: %d", refused)
	}
	if estimate := plan.Estimate; estimate != nil {
		p.say("  would take about %d s at %.1f pages a second (%s)", estimate.Seconds, estimate.CapturesPerSecond, estimate.BasedOn)
	}
	for _, warning := range append(plan.Discovery.Warnings, plan.Warnings...) {
		p.say("  warning: %s", warning)
	}
}

func (p *program) tellLeftOut(plan client.Plan) {
	for _, page := range plan.URLs {
		if page.Refused != "" {
			p.say("refused  %s  %s", page.Refused, page.URL)
		}
	}
	for _, skipped := range plan.Skipped {
		line := fmt.Sprintf("skipped  %s  %s", skipped.Reason, asWritten(skipped.URL))
		if skipped.Detail != "" {
			line += "  (" + skipped.Detail + ")"
		}
		p.say("%s", line)
	}
	if more := plan.Discovery.SkippedInAll() - len(plan.Skipped); more > 0 {
		p.say("skipped  … and %d more", more)
	}
}

// maxWritten is how many characters of a stranger's text are shown.
const maxWritten = 300

// asWritten shows a stranger's text on one line, without what a terminal would
// act on.
func asWritten(text string) string {
	shown := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text))
	if len(shown) > maxWritten {
		return string(shown[:maxWritten]) + "…"
	}
	return string(shown)
}

// pagesOf is how many pages a sitemap has for a job without a limit.
func pagesOf(plan client.Plan) int {
	return len(plan.URLs) + plan.Discovery.Skipped[darkroom.SkipOverLimit]
}

// skippedText counts what was left out, by reason.
func skippedText(found darkroom.Discovery) string {
	var parts []string
	for _, reason := range darkroom.SkipReasons() {
		if count := found.Skipped[reason]; count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count, reason))
		}
	}
	return strings.Join(parts, " · ")
}
