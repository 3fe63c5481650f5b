package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"darkroom/client"
)

// jobFlags are what every command that makes a job was asked: where the job
// runs, how its pages are captured, and what happens at its end.
type jobFlags struct {
	where   whereFlags
	params  client.Params
	waiting waitFlags
	detach  bool
}

// add adds the flags. --host-concurrency is also the setting of that name: a
// server in this process allows what is asked.
func (f *jobFlags) add(flags *pflag.FlagSet) {
	f.where.add(flags, true)
	f.waiting.add(flags)
	flags.BoolVar(&f.detach, "detach", false, "print the job's id and return; the server goes on")
	flags.StringVar(&f.params.Name, "name", "", "name of the job")
	flags.StringSliceVar(&f.params.Tags, "tag", nil, "tag of the job; may be repeated")
	flags.StringVar(&f.params.CallbackURL, "callback-url", "", "`URL` that is told when the job has ended")
	flags.BoolVar(&f.params.NoGallery, "no-gallery", false, "leave index.html out of the ZIP")
	flags.IntVar(&f.params.HostConcurrency, "host-concurrency", 0, "captures of one host at once, at most this `number`")
	flags.DurationVar(&f.params.HostDelay, "host-delay", 0, "least `time` between two captures of one host")
	addVariants(flags, &f.params.Variants)
	optionFlags(flags, &f.params.Options, map[string]string{"timeout": "capture-timeout"})
}

// begin checks what was asked, and connects to where the job will run. The
// caller leaves it.
func (p *program) begin(ctx context.Context, flags *jobFlags) (*target, error) {
	if err := flags.params.Validate(); err != nil {
		return nil, err
	}
	if err := p.checkOutput(flags.waiting.output); err != nil {
		return nil, err
	}
	server, err := p.connect(ctx, &flags.where)
	if err != nil {
		return nil, err
	}
	if flags.detach && server.here != nil {
		p.leave(ctx, server)
		return nil, usage("--detach needs a server that goes on: start one with `darkroom serve`")
	}
	return server, nil
}

// follow tells of a new job and, unless it is detached, sees it to its end.
// plan reads a job's whole sitemap; a batch has none.
func (p *program) follow(ctx context.Context, server *target, job client.Job, flags *jobFlags, plan planner) error {
	if err := p.tellCreated(server, job, flags.detach); err != nil || flags.detach {
		return err
	}
	if p.json || flags.waiting.way() == progressNone {
		plan = nil // nobody would be told
	}
	show := tellReading(ctx, p.newProgress(flags.waiting.way()), plan)
	return p.awaitAndSave(ctx, server, job, flags.waiting, show)
}

func (p *program) tellCreated(server *target, job client.Job, detached bool) error {
	if p.json {
		return p.emit(jobLine{
			MessageType: "job", JobID: job.ID, Status: job.Status, Total: job.Progress.Total,
			Server: server.URL, Warnings: job.Warnings,
		})
	}
	for _, warning := range job.Warnings {
		p.say("warning: %s", warning)
	}
	if !detached {
		return nil
	}
	_, err := fmt.Fprintln(p.stdout, job.ID)
	p.whisper("next: darkroom jobs watch %s", job.ID)
	return err
}
