package darkroom_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// The table of limits in the docs is made of the values in the code.
func TestLimitsAreDocumented(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("| limit | default | setting | beyond it |\n|---|---|---|---|\n")
	for _, row := range limitRows() {
		fmt.Fprintf(&rows, "| %s | %s | %s | %s |\n", row[0], row[1], row[2], row[3])
	}
	documented(t, "docs/limits.md", "limits", rows.String())
}

func limitRows() [][4]string {
	count := func(n int, unit string) string { return strings.TrimSpace(fmt.Sprintf("%s %s", grouped(n), unit)) }
	size := func(n int) string {
		if n >= 1<<20 {
			return fmt.Sprintf("%d MiB", n>>20)
		}
		if n%(1<<10) == 0 {
			return fmt.Sprintf("%d KiB", n>>10)
		}
		return count(n, "bytes")
	}
	span := func(d time.Duration) string {
		switch {
		case d > 48*time.Hour:
			return fmt.Sprintf("%d days", d/(24*time.Hour))
		case d >= time.Hour:
			return fmt.Sprintf("%d h", d/time.Hour)
		}
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return [][4]string{
		{"URLs in one batch", count(darkroom.DefaultMaxURLs, ""), "`--max-urls`", "400 `validation_error`"},
		{"pages of one sitemap job", count(darkroom.DefaultMaxPages, ""), "`--max-pages`", "400 `validation_error`"},
		{"pages of a sitemap job that names no number", count(darkroom.DefaultCrawlPages, ""), "`max_pages`", "further pages are skipped, and counted"},
		{"captures of a job with variants", count(darkroom.MaxVariantCaptures, ""), "–", "400 `validation_error`"},
		{"variants", count(darkroom.MaxVariants, ""), "–", "400 `validation_error`"},
		{"body of a request", size(darkroom.DefaultMaxBodyBytes), "–", "413 `payload_too_large`"},
		{"one URL", size(darkroom.MaxURLBytes), "–", "400 `validation_error`"},
		{"`callback_url`", size(darkroom.MaxCallbackURLBytes), "–", "400 `validation_error`"},
		{"name of a job", size(darkroom.MaxNameBytes), "–", "400 `validation_error`"},
		{"tags, and each of them", count(darkroom.MaxTags, "of") + " " + size(darkroom.MaxTagBytes), "–", "400 `validation_error`"},
		{"`Idempotency-Key`", count(darkroom.MaxIdempotencyKeyBytes, "characters, for") + " " + span(darkroom.IdempotencyKeyLife), "–", "400 `validation_error`"},
		{"request headers of a capture", count(darkroom.MaxHeaders, "of") + " " + size(darkroom.MaxHeaderBytes), "–", "400 `validation_error`"},
		{"cookies of a capture", count(darkroom.MaxCookies, "of") + " " + size(darkroom.MaxCookieBytes), "–", "400 `validation_error`"},
		{"`storage_state`", count(darkroom.MaxStateEntries, "entries,") + " " + size(darkroom.MaxStateBytes), "–", "400 `validation_error`"},
		{"side of a `clip`", count(darkroom.MaxClipSide, "px"), "–", "400 `validation_error`"},
		{"captures of one host at once, per key", count(darkroom.DefaultHostConcurrency, "") + "; sitemaps " + count(darkroom.DefaultCrawlHostConcurrency, ""), "`host_concurrency`, to " + count(darkroom.MaxHostConcurrency, ""), "they wait"},
		{"captures of one host at once, of all keys", count(darkroom.DefaultServerHostConcurrency, ""), "`--host-concurrency`", "they wait"},
		{"time between two captures of one host", "0 s", "`host_delay`, to " + span(darkroom.MaxHostDelay), "400 `validation_error`"},
		{"time of a job", span(darkroom.DefaultJobDeadline), "`--job-deadline`", "what is left fails with `timeout`"},
		{"life of results", span(darkroom.DefaultRetention), "`--retention`, less per job", "410 `expired`"},
		{"life of a job in the list after that", span(darkroom.DefaultHistory), "`--history`", "404 `not_found`"},
		{"jobs in one answer", count(darkroom.DefaultListLimit, "") + ", at most " + count(darkroom.MaxListLimit, ""), "`limit`", "the most is given"},
		{"captures in one answer", count(darkroom.DefaultResultLimit, "") + ", at most " + count(darkroom.MaxResultLimit, ""), "`limit`", "the most is given"},
		{"events in one answer", count(darkroom.DefaultEventLimit, "") + ", at most " + count(darkroom.MaxEventLimit, ""), "`limit`", "the most is given"},
		{"`?wait=`", span(darkroom.MaxWait), "–", "the most is waited"},
		{"server-sent streams at once", count(darkroom.MaxStreams, ""), "–", "429 `rate_limited`"},
		{"requests of a key", "none", "`--rate-limit`, a minute", "429 `rate_limited`"},
		{"free disk", "1 GiB", "`--min-free-disk`", "507 `insufficient_storage`; captures wait"},
	}
}

// grouped writes a number with commas, as the pages do.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
