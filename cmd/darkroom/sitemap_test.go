package main

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"darkroom"
	"darkroom/client"
)

func TestSitemapFlags(t *testing.T) {
	cases := []struct {
		name, args string
		want       client.SitemapParams
		fault      string
	}{
		{name: "nothing", want: client.SitemapParams{}},
		{
			name: "everything", args: "--max-pages 7 --include /a{1,2}/ --include b --exclude [?] --any-host --respect-robots --per-template 3 --since 2026-04-01",
			want: client.SitemapParams{
				MaxPages: 7, Include: []string{"/a{1,2}/", "b"}, Exclude: []string{"[?]"}, AnyHost: true, RespectRobots: true,
				PerTemplate: 3, LastmodAfter: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
			},
		},
		{
			name: "a moment, and how the job is run", args: "--since 2026-04-01T12:00:00+02:00 --name n --tag a,b --host-delay 2s --full-page",
			want: client.SitemapParams{
				Params: client.Params{
					Name: "n", Tags: []string{"a", "b"}, HostDelay: 2 * time.Second, Options: darkroom.Options{FullPage: true},
				},
				LastmodAfter: time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC),
			},
		},
		{name: "no date", args: "--since yesterday", fault: `"yesterday" is no date`},
		{name: "a list with a ZIP", args: "--list -o a.zip", fault: "--list makes no job"},
		{name: "a list that is detached", args: "--list --detach", fault: "--list makes no job"},
		{name: "names without a list", args: "-v", fault: "goes with --list"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var flags sitemapFlags
			set := pflag.NewFlagSet("sitemap", pflag.ContinueOnError)
			flags.add(set)
			flags.addChoice(set)
			if err := set.Parse(strings.Fields(c.args)); err != nil {
				t.Fatal(err)
			}
			got, err := flags.chosen()
			if c.fault != "" {
				if err == nil || asExit(t.Context(), err).Code != exitUsage || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("got %v, want %q", err, c.fault)
				}
				return
			}
			got.LastmodAfter = got.LastmodAfter.UTC()
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestWhatReadingCameTo(t *testing.T) {
	const url = "https://your.site/sitemap.xml"
	cases := []struct {
		found        darkroom.Discovery
		pages, limit int
		want         string
	}{
		{darkroom.Discovery{Sitemaps: 1}, 30, 50, "Read " + url + " → 30 pages"},
		{darkroom.Discovery{Sitemaps: 3}, 318, 50, "Read " + url + " → 318 pages in 3 files, limit 50; use --max-pages 318 for all"},
		{darkroom.Discovery{Sitemaps: 1}, 50, 50, "Read " + url + " → 50 pages"},
		{darkroom.Discovery{Sitemaps: 11}, 12345, 5000, "Read " + url + " → 12,345 pages in 11 files, limit 5000; use --max-pages 12345 for all"},
	}
	for _, c := range cases {
		if got := readingLine(url, c.found, c.pages, c.limit); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// sitemapJob is a job as a server shows it while its sitemap is read, and then.
func sitemapJob(total int, ended bool) darkroom.JobAnswer {
	return darkroom.JobAnswer{
		Type: darkroom.KindSitemap, Status: darkroom.StatusProcessing, Progress: darkroom.ProgressAnswer{Total: total},
		SitemapURL: "http://127.0.0.1/sitemap.xml", MaxPages: 50,
		Discovery: &darkroom.Discovery{Ended: ended, Sitemaps: 1, Found: total}, Warnings: []string{"cut short"},
	}
}

func TestReadingIsToldOnce(t *testing.T) {
	asked := 0
	plans := func(pages int, err error) planner {
		return func(context.Context) (client.Plan, error) {
			asked++
			beyond := map[darkroom.SkipReason]int{darkroom.SkipOverLimit: pages - 50}
			return client.Plan{URLs: make([]darkroom.PlannedURL, 50), Discovery: darkroom.Discovery{Sitemaps: 4, Skipped: beyond}}, err
		}
	}
	cases := []struct {
		name  string
		total int
		plan  planner
		asked int
		want  string
	}{
		{"fewer than the limit", 20, plans(318, nil), 0, "→ 20 pages\n"},
		{"at the limit", 50, plans(318, nil), 1, "→ 318 pages in 4 files, limit 50; use --max-pages 318 for all\n"},
		{"just as many as the limit", 50, plans(50, nil), 1, "→ 50 pages in 4 files\n"},
		{"at the limit and not counted", 50, plans(0, errors.New("the server is busy")), 1, "→ 50 pages, limit 50; there may be more\n"},
		{"at the limit and nobody can count", 50, nil, 0, "→ 50 pages, limit 50; there may be more\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			asked = 0
			var out bytes.Buffer
			show := tellReading(t.Context(), (&program{stderr: &out}).plainLines(time.Now), c.plan)
			show.Update(sitemapJob(c.total/2, false))
			if out.Len() > 0 {
				t.Errorf("told before it was known: %s", &out)
			}
			show.Update(sitemapJob(c.total, true))
			show.Update(sitemapJob(c.total, true))
			want := "warning: cut short\nRead http://127.0.0.1/sitemap.xml " + c.want
			if out.String() != want || asked != c.asked {
				t.Errorf("counted %d times, told\n%swant\n%s", asked, &out, want)
			}
		})
	}
}

func TestStatusLinesKnowReadingFromCapturing(t *testing.T) {
	var out bytes.Buffer
	show := (&program{stdout: &out, json: true}).newProgress(progressAuto)
	reading, ended := sitemapJob(0, false), sitemapJob(2, true)
	reading.Discovery.Found = 7
	for _, job := range []darkroom.JobAnswer{reading, reading, ended, ended} {
		show.Update(job)
	}
	show.Close()
	want := `{"message_type":"status","completed":0,"failed":0,"total":0,"per_second":0,"eta_seconds":0,"discovery":{"ended":false,"sitemaps":1,"found":7}}
{"message_type":"status","completed":0,"failed":0,"total":2,"per_second":0,"eta_seconds":0,"discovery":{"ended":true,"sitemaps":1,"found":2}}
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

// What a sitemap says is shown, and never obeyed.
func TestLeftOutIsPlainText(t *testing.T) {
	var out bytes.Buffer
	(&program{stderr: &out}).tellLeftOut(client.Plan{
		Discovery: darkroom.Discovery{Skipped: map[darkroom.SkipReason]int{darkroom.SkipInvalid: 4}},
		Skipped: []darkroom.SkippedURL{
			{URL: "http://a.test/\x1b[31mred\nskipped  other_host  http://b.test/", Reason: darkroom.SkipInvalid, Detail: "it has a line break inside"},
			{URL: "http://a.test/\u202egnp.exe\x07\u009b2J", Reason: darkroom.SkipInvalid},
			{URL: "http://a.test/" + strings.Repeat("é", 5000), Reason: darkroom.SkipInvalid},
			{Reason: darkroom.SkipInvalid, Detail: "the entry has no address"},
		},
	})
	want := "skipped  invalid_url  http://a.test/[31mredskipped  other_host  http://b.test/  (it has a line break inside)\n" +
		"skipped  invalid_url  http://a.test/gnp.exe2J\n" +
		"skipped  invalid_url  http://a.test/" + strings.Repeat("é", 286) + "…\n" +
		"skipped  invalid_url    (the entry has no address)\n"
	if out.String() != want {
		t.Errorf("got\n%qwant\n%q", &out, want)
	}
}
