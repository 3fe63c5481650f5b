package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/client"
)

const batchExamples = `  darkroom batch https://example.com https://example.org
  darkroom batch -f urls.txt -o shots.zip --full-page
  grep ^http urls.txt | darkroom batch - --format webp --json`

// batchFlags are what `darkroom batch` was asked.
type batchFlags struct {
	where   whereFlags
	options darkroom.Options
	params  client.Params
	tags    []string

	file    string
	waiting waitFlags
	detach  bool
}

func (p *program) batchCommand() *cobra.Command {
	var flags batchFlags
	command := &cobra.Command{
		Use:     "batch [URL… | -f FILE | -]",
		Short:   "Capture many pages and save them as one ZIP",
		Example: batchExamples,
		RunE: func(command *cobra.Command, args []string) error {
			return p.batch(command.Context(), &flags, args)
		},
	}
	set := command.Flags()
	flags.where.add(set, true)
	flags.waiting.add(set)
	set.StringVarP(&flags.file, "file", "f", "", "`file` with one URL per line; - reads stdin")
	set.BoolVar(&flags.detach, "detach", false, "print the job's id and return; the server goes on")
	set.StringVar(&flags.params.Name, "name", "", "name of the job")
	set.StringSliceVar(&flags.tags, "tag", nil, "tag of the job; may be repeated")
	set.StringVar(&flags.params.CallbackURL, "callback-url", "", "`URL` that is told when the job has ended")
	optionFlags(set, &flags.options, map[string]string{"timeout": "capture-timeout"})
	return command
}

func (p *program) batch(ctx context.Context, flags *batchFlags, args []string) error {
	urls, err := p.urls(flags.file, args)
	if err != nil {
		return err
	}
	if err := flags.options.Validate(); err != nil {
		return err
	}
	if err := p.checkOutput(flags.waiting.output); err != nil {
		return err
	}
	flags.params.Options, flags.params.Tags = flags.options, flags.tags
	server, err := p.connect(ctx, &flags.where)
	if err != nil {
		return err
	}
	defer p.leave(ctx, server)
	if flags.detach && server.here != nil {
		return usage("--detach needs a server that goes on: start one with `darkroom serve`")
	}
	job, err := server.Batch(ctx, urls, flags.params)
	if err != nil {
		return err
	}
	if err := p.tellCreated(server, job, flags.detach); err != nil || flags.detach {
		return err
	}
	return p.awaitAndSave(ctx, server, job, flags.waiting)
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

// urls gathers the URLs of the arguments, of the file and, for -, of stdin.
func (p *program) urls(file string, args []string) ([]string, error) {
	var urls []string
	if file != "" {
		args = append([]string{}, args...)
		listed, err := p.urlsFrom(file)
		if err != nil {
			return nil, err
		}
		urls = append(urls, listed...)
	}
	for _, arg := range args {
		if arg != "-" {
			urls = append(urls, withScheme(arg))
			continue
		}
		listed, err := p.urlsFrom("-")
		if err != nil {
			return nil, err
		}
		urls = append(urls, listed...)
	}
	if len(urls) == 0 {
		return nil, usage("no URL given: name some, or a file with -f FILE")
	}
	return urls, nil
}

// urlsFrom reads one URL per line; empty lines and lines that begin with # are
// left out.
func (p *program) urlsFrom(file string) ([]string, error) {
	var source io.Reader = p.stdin
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, usage("read the URLs: %v", err)
		}
		defer closeQuietly(opened)
		source = opened
	}
	var urls []string
	lines := bufio.NewScanner(source)
	lines.Buffer(nil, darkroom.MaxURLBytes*2)
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line != "" && !strings.HasPrefix(line, "#") {
			urls = append(urls, withScheme(line))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, usage("read the URLs of %s: %v", file, err)
	}
	return urls, nil
}

// withScheme completes what people type: localhost:3000, example.com. What has
// a scheme, a wrong one too, goes to the server as it is.
func withScheme(text string) string {
	if strings.Contains(text, "://") {
		return text
	}
	host, rest, ported := strings.Cut(text, ":")
	if ported && (rest == "" || rest[0] < '0' || rest[0] > '9') {
		return text // mailto:…, data:…, javascript:…
	}
	if name, _, _ := strings.Cut(host, "/"); name == "localhost" || ported {
		return "http://" + text
	}
	return "https://" + text
}

// closeQuietly closes what was only read: nothing can be lost any more.
func closeQuietly(read io.Closer) { _ = read.Close() }

// watchInterval is how often a job is looked at while its progress is shown.
const watchInterval = 300 * time.Millisecond

// watch shows a job's progress until it has ended. A server that restarts
// meanwhile is waited for, a while.
func (p *program) watch(ctx context.Context, server *target, id string, show progress) (client.Job, error) {
	defer show.Close()
	const patience = 10
	for failed := 0; ; {
		job, err := server.Job(ctx, id)
		switch {
		case err == nil:
			failed = 0
			show.Update(job)
			if job.Status.Terminal() {
				return job, nil
			}
		case !passing(err) || failed >= patience:
			return job, err
		default:
			failed++
		}
		select {
		case <-ctx.Done():
			return job, context.Cause(ctx)
		case <-time.After(watchInterval):
		}
	}
}

func passing(err error) bool {
	return errors.Is(err, client.ErrConnection) || errors.Is(err, client.ErrServer)
}
