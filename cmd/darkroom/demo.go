package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/client"
	"darkroom/demo"
)

// slowTimeout is how long the demo waits for the page that never ends.
const slowTimeout = 5 * time.Second

const slowPage = "/slow"

// demoFlags are what `darkroom demo` was asked.
type demoFlags struct {
	where  whereFlags
	output string
	keep   bool
	quiet  bool
	exit   bool
}

func (p *program) demoCommand() *cobra.Command {
	var flags demoFlags
	command := &cobra.Command{
		Use: "demo", Short: "Show it all in a minute: a built-in site, one batch, one ZIP", Args: cobra.NoArgs,
		Long: `Show it all in a minute. Starts a server and a built-in site of 24 pages on
loopback, captures the site as a batch through the API, and saves the ZIP.
Needs a browser, but no network. Two of the pages fail on purpose.`,
		RunE: func(command *cobra.Command, _ []string) error {
			flags.where.known = command.Flags()
			return p.demo(command.Context(), &flags)
		},
	}
	set := command.Flags()
	set.StringVarP(&flags.output, "output", "o", "darkroom-demo.zip", "`file` for the ZIP")
	set.BoolVar(&flags.keep, "keep", false, "leave the temporary data folder and say where it is")
	set.BoolVar(&flags.exit, "exit-when-done", false, "do not leave the run open in the dashboard at the end")
	set.BoolVarP(&flags.quiet, "quiet", "q", false, "no progress")
	addSettingFlags(set, "chromium", "concurrency", "isolation")
	return command
}

func (p *program) demo(ctx context.Context, flags *demoFlags) error {
	site, stopSite, err := serveHere(ctx, demo.Handler())
	if err != nil {
		return err
	}
	defer stopSite()
	config, err := p.temporaryConfig(flags.where.known)
	if err != nil {
		return err
	}
	config.PrivateTargets, config.EgressDeny, config.ListedOnly = "allow", nil, false // the site is on loopback
	running, err := p.startTemporary(ctx, config)
	if err != nil {
		return err
	}
	running.Keep = flags.keep
	p.introduceDemo(running, site, flags.keep)
	server := running.target()
	defer p.leave(ctx, server)
	return p.runDemo(ctx, server, site, flags)
}

// serveHere serves a site on a free port of loopback.
func serveHere(ctx context.Context, site http.Handler) (url string, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("serve a site: %w", err)
	}
	server := &http.Server{Handler: site, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends with Close
	}()
	return "http://" + listener.Addr().String(), func() {
		_ = server.Close() // nobody reads from it any more
		<-ended
	}, nil
}

func (p *program) introduceDemo(running *temporaryServer, site string, keep bool) {
	if p.json {
		return
	}
	browser := running.engine.Browser()
	fate := "removed at the end; --keep keeps it"
	if keep {
		fate = "kept"
	}
	p.say("darkroom %s · demo: everything stays on this computer, no network is used", Version)
	p.say("")
	p.say("  browser    %s %s   %s", browser.Product, browser.Version, browser.Path)
	p.say("  demo site  %s   %d pages built into this program", site, len(demo.Pages()))
	p.say("  API        %s", running.URL)
	p.say("  data       %s   (%s)", running.config.Data, fate)
	p.say("")
}

func (p *program) runDemo(ctx context.Context, server *target, site string, flags *demoFlags) error {
	started := time.Now()
	job, err := server.BatchRequests(ctx, demoRequests(site), client.Params{Name: "demo"})
	if err != nil {
		return err
	}
	if err := p.tellCreated(server, job, false); err != nil {
		return err
	}
	job, err = p.await(ctx, server, job.ID, waitFlags{}, p.demoProgress(flags.quiet))
	if ctx.Err() != nil {
		return interrupted()
	}
	if err != nil {
		return err
	}
	saved, err := p.save(ctx, server, job.ID, flags.output)
	if err != nil {
		return err
	}
	if err := p.endDemo(job, saved, time.Since(started)); err != nil || flags.exit || p.json || !p.terminal(p.stderr) {
		return err
	}
	return p.showRun(ctx, server, job)
}

// demoProgress does not name the pages that fail on purpose: the end does, and
// says that.
func (p *program) demoProgress(quiet bool) progress {
	show := p.newProgress((&waitFlags{quiet: quiet}).way())
	if hear := show.Capture; hear != nil {
		show.Capture = func(result client.Result) {
			if failsOnPurpose(result.URL) && result.State.Terminal() {
				result.State = darkroom.CaptureCompleted
			}
			hear(result)
		}
	}
	return show
}

// showRun leaves the run open in the dashboard until the demo is interrupted,
// which is how it ends well.
func (p *program) showRun(ctx context.Context, server *target, job client.Job) error {
	link, err := loginLink(ctx, server.here.store, server.URL, "", "/jobs/"+job.ID)
	if err != nil {
		return err
	}
	p.say("")
	p.say("Look at it:  %s", link)
	if p.openOnDesktop(ctx, link) {
		p.say("             it opens in your browser")
	}
	p.say("Ctrl-C ends the demo.")
	<-ctx.Done()
	return nil
}

// demoRequests asks for every page of the site, and does not try the slow one
// twice.
func demoRequests(site string) []client.Request {
	var requests []client.Request
	for _, page := range demo.Pages() {
		request := client.Request{URL: site + page}
		if strings.HasSuffix(page, slowPage) {
			request.Options = client.Options{"timeout": slowTimeout.Milliseconds(), "attempts": 1}
		}
		requests = append(requests, request)
	}
	return requests
}

// endDemo shows the result. The two pages that fail on purpose are no failure
// of the demo; any other is.
func (p *program) endDemo(job client.Job, saved string, took time.Duration) error {
	records, err := readManifest(saved)
	if err != nil {
		return err
	}
	if p.json {
		if err := p.emitResult(job, records, saved, took); err != nil {
			return err
		}
	} else if err := p.tellDemo(job, records, saved, took); err != nil {
		return err
	}
	for _, r := range records {
		if !r.Success && !failsOnPurpose(r.URL) {
			return quietly(exitPartial, "partial")
		}
	}
	return nil
}

func (p *program) tellDemo(job client.Job, records []record, saved string, took time.Duration) error {
	for _, r := range records {
		if r.Success {
			continue
		}
		line := r.line()
		reason := "failed           "
		if failsOnPurpose(r.URL) {
			reason = "failed on purpose"
		}
		p.say("  %s  %s   %s: %s", reason, line.URL, line.Error, line.Message)
	}
	if absolute, err := filepath.Abs(saved); err == nil {
		saved = absolute
	}
	p.say("")
	_, err := fmt.Fprintf(p.stdout, "%s   %d pictures, index.html and index.json   %s   %.1f s\n", saved, job.Progress.Completed, size(saved), took.Seconds())
	p.say("")
	p.say("Now yours:")
	p.say("  darkroom shot https://example.com      one picture, no server needed")
	p.say("  darkroom batch -f urls.txt             many pages, one ZIP")
	p.say("  darkroom sitemap https://your.site     a whole site")
	p.say("  darkroom serve                         keep it running, and use the API")
	return err
}

// failsOnPurpose knows the two pages of the site that are there to fail: one
// never ends, one is missing.
func failsOnPurpose(url string) bool {
	return strings.HasSuffix(url, slowPage) || strings.HasSuffix(url, "/gone")
}
