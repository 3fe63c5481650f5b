package main

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/client"
)

// runFlags are what `darkroom run` was asked.
type runFlags struct {
	where   whereFlags
	waiting waitFlags
	folder  string
	serve   string
	only    []string
}

const runHelp = `Capture the shots of a list, one picture each, again and again to the same files.

The list is YAML:

  options: {full_page: true}         # of every shot, by their names in the API
  shots:
    - url: https://example.com
      name: home                     # home.png; else a name made of the URL
    - url: /pricing.html             # of the folder that --serve serves
      device: iPhone 14`

func (p *program) runCommand() *cobra.Command {
	var flags runFlags
	command := &cobra.Command{
		Use: "run LIST", Short: "Capture the shots of a YAML list, one picture each", Long: runHelp, Args: cobra.ExactArgs(1),
		Example: "  darkroom run shots.yml -o docs/images\n  darkroom run shots.yml --serve ./public --only home",
		RunE: func(command *cobra.Command, args []string) error {
			return p.run(command.Context(), &flags, args[0])
		},
	}
	set := command.Flags()
	flags.where.add(set, true)
	flags.waiting.addWaiting(set)
	set.StringVarP(&flags.folder, "output", "o", ".", "`folder` for the pictures, made when it is not there")
	set.StringVar(&flags.serve, "serve", "", "serve this `folder` on loopback meanwhile, for URLs that begin with /")
	set.StringSliceVar(&flags.only, "only", nil, "only the shot of this `name`; may be repeated")
	return command
}

func (p *program) run(ctx context.Context, flags *runFlags, path string) error {
	shots, err := readShots(path)
	if err == nil {
		shots, err = only(shots, flags.only)
	}
	if err != nil {
		return err
	}
	base, stop, err := serveFolder(ctx, flags.serve)
	if err != nil {
		return err
	}
	defer stop()
	requests := make([]client.Request, len(shots))
	for i, shot := range shots {
		requests[i] = shot.request
		if strings.HasPrefix(shot.request.URL, "/") {
			if base == "" {
				return usage("%s begins with /: name the folder that has it with --serve", shot.request.URL)
			}
			requests[i].URL = base + shot.request.URL
		} else {
			requests[i].URL = withScheme(shot.request.URL)
		}
	}
	server, err := p.connect(ctx, &flags.where)
	if err != nil {
		return err
	}
	defer p.leave(ctx, server)
	return p.takeShots(ctx, server, flags, shots, requests)
}

// serveFolder serves a folder, and nothing when none is named.
func serveFolder(ctx context.Context, folder string) (url string, stop func(), err error) {
	if folder == "" {
		return "", func() {}, nil
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return "", nil, usage("--serve: %s is no folder", folder)
	}
	return serveHere(ctx, http.FileServer(http.Dir(folder)))
}

func (p *program) takeShots(ctx context.Context, server *target, flags *runFlags, shots []listedShot, requests []client.Request) error {
	if err := os.MkdirAll(flags.folder, 0o755); err != nil {
		return fmt.Errorf("make the folder for the pictures: %w", err)
	}
	job, err := server.BatchRequests(ctx, requests, client.Params{NoGallery: true})
	if err != nil {
		return err
	}
	if err := p.tellCreated(server, job, false); err != nil {
		return err
	}
	show := p.newProgress(flags.waiting.way())
	if job, err = p.await(ctx, server, job.ID, flags.waiting, show); err != nil {
		return err
	}
	for result, err := range server.Results(ctx, job.ID, client.ResultParams{}) {
		if err == nil {
			err = p.keepShot(ctx, server, job.ID, flags.folder, shots[result.Index-1].name, result)
		}
		if err != nil {
			return err
		}
	}
	return endOf(job, flags.waiting.allowFailures)
}

// keepShot saves one picture, or names the failure unless that was done.
func (p *program) keepShot(ctx context.Context, server *target, id, folder, name string, result client.Result) error {
	line := shotLine{MessageType: "shot", URL: result.URL, Status: "failed", DurationMS: result.DurationMS, Error: string(result.ErrorCode)}
	if result.State != darkroom.CaptureCompleted {
		if result.Error != nil {
			line.Message = *result.Error
		}
		if p.json {
			return p.emit(line)
		}
		if !p.told[result.Index] {
			p.say("%s", failedLine(line.URL, line.Error, line.Message))
		}
		return nil
	}
	picture, err := server.Picture(ctx, id, result.Index, darkroom.ViewImage)
	if err != nil {
		return err
	}
	line.File = filepath.Join(folder, name+endingOf(result.ContentType))
	if err := os.WriteFile(line.File, picture, 0o644); err != nil {
		return fmt.Errorf("save the picture: %w", err)
	}
	if p.json {
		line.Status, line.Bytes, line.Width, line.Height = "completed", len(picture), result.Width, result.Height
		return p.emit(line)
	}
	_, err = fmt.Fprintln(p.stdout, line.File)
	return err
}

func endingOf(contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	if _, kind, found := strings.Cut(media, "/"); err == nil && found {
		return "." + kind
	}
	return ".png"
}
