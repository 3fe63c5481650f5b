package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/client"
)

const batchExamples = `  darkroom batch https://example.com https://example.org
  darkroom batch -f urls.txt -o shots.zip --full-page
  grep ^http urls.txt | darkroom batch - --format webp --json`

func (p *program) batchCommand() *cobra.Command {
	var flags jobFlags
	var file, requests string
	command := &cobra.Command{
		Use:     "batch [URL… | -f FILE | --requests FILE | -]",
		Short:   "Capture many pages and save them as one ZIP",
		Example: batchExamples,
		RunE: func(command *cobra.Command, args []string) error {
			send, err := p.pages(file, requests, args)
			if err != nil {
				return err
			}
			return p.batch(command.Context(), &flags, send)
		},
	}
	flags.add(command.Flags())
	command.Flags().StringVarP(&file, "file", "f", "", "`file` with one URL per line; - reads stdin")
	command.Flags().StringVar(&requests, "requests", "", "JSON `file` with a list of objects: a url and options of its own; - reads stdin")
	return command
}

// sender makes the job of a batch.
type sender func(ctx context.Context, server *target, params client.Params) (client.Job, error)

// pages gathers what is to be captured: URLs, or requests with options of
// their own.
func (p *program) pages(file, requests string, args []string) (sender, error) {
	if requests == "" {
		urls, err := p.urls(file, args)
		return func(ctx context.Context, server *target, params client.Params) (client.Job, error) {
			return server.Batch(ctx, urls, params)
		}, err
	}
	if file != "" || len(args) > 0 {
		return nil, usage("--requests brings its own URLs: give them there, or leave it out")
	}
	listed, err := p.requestsFrom(requests)
	return func(ctx context.Context, server *target, params client.Params) (client.Job, error) {
		return server.BatchRequests(ctx, listed, params)
	}, err
}

func (p *program) batch(ctx context.Context, flags *jobFlags, send sender) error {
	server, err := p.begin(ctx, flags)
	if err != nil {
		return err
	}
	defer p.leave(ctx, server)
	job, err := send(ctx, server, flags.params)
	if err != nil {
		return err
	}
	return p.follow(ctx, server, job, flags, nil)
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
