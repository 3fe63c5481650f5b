package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"darkroom"
	"darkroom/client"
)

// plainInterval is how often progress is told where it cannot be redrawn.
const plainInterval = 10 * time.Second

// progress shows how far a job is. Update may be called as often as news
// comes in; Capture hears of each capture that has changed, and is nil where
// that is not shown; Tell says something beside it, for people only; Close
// leaves the last state standing.
type progress struct {
	Update  func(darkroom.JobAnswer)
	Capture func(client.Result)
	Tell    func(line string)
	Close   func()
}

// How progress is shown.
const (
	progressAuto  = "auto" // a bar on a terminal, else plain
	progressPlain = "plain"
	progressNone  = "none"
)

func progressWays() []string { return []string{progressAuto, progressPlain, progressNone} }

// newProgress chooses how: status lines on stdout with --json, nothing when
// that was asked for, a bar on a terminal, else a line every ten seconds.
func (p *program) newProgress(way string) progress {
	switch {
	case p.json:
		return p.statusLines()
	case way == progressNone:
		return progress{Update: func(darkroom.JobAnswer) {}, Tell: func(string) {}, Close: func() {}}
	case way != progressPlain && p.terminal(p.stderr):
		return p.progressBar()
	}
	return p.plainLines(time.Now)
}

// tally is the state of a job as the bar draws it.
type tally struct {
	ok, failed, total int
	reading           bool // the job's sitemap: total may still grow
	found             int  // URLs in the sitemap so far
	elapsed           time.Duration
}

// progressBar draws one bar with two kinds of blocks, successes and failures.
// mpb redraws it by its own clock and asks for the latest tally each time.
func (p *program) progressBar() progress {
	var (
		latest  atomic.Pointer[tally]
		started = time.Now()
		box     = mpb.New(mpb.WithOutput(p.stderr), mpb.WithWidth(78))
		now     = &openPages{}
	)
	latest.Store(&tally{})
	filler := mpb.BarFillerFunc(func(w io.Writer, stat decor.Statistics) error {
		_, err := io.WriteString(w, latest.Load().bar(min(40, stat.AvailableWidth)))
		return err
	})
	bar := box.MustAdd(0, filler,
		mpb.BarExtender(now, false),
		mpb.PrependDecorators(decor.Name("  ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return latest.Load().caption() })))
	return progress{
		Update: func(job darkroom.JobAnswer) {
			now := newTally(job, time.Since(started))
			latest.Store(&now)
			bar.SetCurrent(int64(job.Progress.Completed + job.Progress.Failed))
		},
		Capture: func(result client.Result) {
			now.hear(result)
			if line, ok := p.tellOnce(result); ok {
				_, _ = fmt.Fprintln(box, line)
			}
		},
		// Written above the bar; to nowhere once the bar has ended.
		Tell: func(line string) { _, _ = fmt.Fprintln(box, line) },
		Close: func() {
			bar.SetTotal(-1, true)
			box.Wait()
		},
	}
}

// plainLines writes a line at most every ten seconds, and one at the end.
func (p *program) plainLines(now func() time.Time) progress {
	started := now()
	told := started
	var last, said tally
	tell := func() {
		said, told = last, now()
		shown := last
		shown.elapsed = told.Sub(started)
		p.say("%s", shown.caption())
	}
	return progress{
		Update: func(job darkroom.JobAnswer) {
			last = newTally(job, 0)
			if now().Sub(told) >= plainInterval {
				tell()
			}
		},
		Tell: func(line string) { p.say("%s", line) },
		Close: func() {
			if last != said {
				tell()
			}
		},
	}
}

func newTally(job darkroom.JobAnswer, elapsed time.Duration) tally {
	now := tally{ok: job.Progress.Completed, failed: job.Progress.Failed, total: job.Progress.Total, elapsed: elapsed}
	if job.Discovery != nil && !job.Discovery.Ended && !job.Status.Terminal() {
		now.reading, now.found = true, job.Discovery.Found
	}
	return now
}

func (t tally) done() int { return t.ok + t.failed }

func (t tally) perSecond() float64 {
	if t.elapsed < time.Second/10 {
		return 0
	}
	return float64(t.done()) / t.elapsed.Seconds()
}

// left is the time that the rest will take at the speed so far; 0 = unknown.
func (t tally) left() time.Duration {
	if t.done() == 0 || t.reading {
		return 0
	}
	return time.Duration(float64(t.elapsed) / float64(t.done()) * float64(t.total-t.done()))
}

func (t tally) bar(width int) string {
	if t.total == 0 || t.reading {
		return strings.Repeat("░", max(width, 0))
	}
	ok := t.ok * width / t.total
	failed := t.done()*width/t.total - ok
	return strings.Repeat("█", ok) + strings.Repeat("▒", failed) + strings.Repeat("░", max(width-ok-failed, 0))
}

func (t tally) caption() string {
	found := fmt.Sprintf("reading the sitemap: %s URLs found", humanize.Comma(int64(t.found)))
	if t.reading && t.total == 0 {
		return " " + found
	}
	text := fmt.Sprintf(" %d/%d   %d ok · %d failed", t.done(), t.total, t.ok, t.failed)
	switch {
	case t.reading:
		text += "   " + found
	case t.total > 0 && t.done() == t.total:
		text += fmt.Sprintf("   %.1f s", t.elapsed.Seconds())
	case t.done() > 0:
		text += fmt.Sprintf("   %.1f/s   ~%.0f s left", t.perSecond(), t.left().Seconds())
	}
	return text
}
