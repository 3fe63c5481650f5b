package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the formats whose size is read back
	_ "image/png"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	_ "golang.org/x/image/webp" // the format whose size is read back

	"darkroom"
	"darkroom/client"
)

const shotExamples = `  darkroom shot https://example.com
  darkroom shot localhost:3000 --full-page --dark-mode -o page.png
  darkroom shot https://example.com --device "iPhone 14" -o - > phone.png`

// shotFlags are what `darkroom shot` was asked.
type shotFlags struct {
	where   whereFlags
	options darkroom.Options
	output  string
}

func (p *program) shotCommand() *cobra.Command {
	var flags shotFlags
	command := &cobra.Command{
		Use:     "shot URL…",
		Short:   "Capture pages now, one picture each",
		Example: shotExamples,
		Args:    someURLs,
		RunE: func(command *cobra.Command, args []string) error {
			return p.shots(command.Context(), &flags, args)
		},
	}
	set := command.Flags()
	flags.where.add(set, true)
	set.StringVarP(&flags.output, "output", "o", "", "`file`, folder, or - for stdout (default: a name made of the URL, here)")
	optionFlags(set, &flags.options, map[string]string{"attempts": "", "cache": "", "cache_ttl": ""}) // a screenshot is tried once, and taken anew
	return command
}

func someURLs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage("no URL given")
	}
	return nil
}

func (p *program) shots(ctx context.Context, flags *shotFlags, args []string) error {
	if err := flags.options.Validate(); err != nil {
		return err
	}
	if err := p.checkOutput(flags.output); err != nil {
		return err
	}
	info, err := os.Stat(flags.output)
	intoFolder := err == nil && info.IsDir()
	if len(args) > 1 && flags.output != "" && !intoFolder {
		return usage("--output must be a folder that exists when there is more than one URL")
	}
	server, err := p.connect(ctx, &flags.where)
	if err != nil {
		return err
	}
	defer p.leave(ctx, server)
	failed := 0
	for _, url := range args {
		err := p.shot(ctx, server, flags, withScheme(url), intoFolder)
		if err == nil {
			continue
		}
		if ctx.Err() != nil || len(args) == 1 || !captureFailed(err) {
			return err
		}
		failed++
	}
	switch {
	case failed == len(args):
		return quietly(exitAllFailed, "failed")
	case failed > 0:
		return quietly(exitPartial, "partial")
	}
	return nil
}

func captureFailed(err error) bool {
	return errors.Is(err, client.ErrCaptureFailed) || errors.Is(err, client.ErrTimeout)
}

func (p *program) shot(ctx context.Context, server *target, flags *shotFlags, url string, intoFolder bool) error {
	started := time.Now()
	picture, err := server.Screenshot(ctx, url, flags.options)
	took := time.Since(started)
	if err != nil {
		return p.tellFailedShot(url, took, err)
	}
	if flags.output == "-" {
		if _, err := p.stdout.Write(picture.Data); err != nil {
			return fmt.Errorf("write the picture to stdout: %w", err)
		}
		return nil
	}
	path := flags.output
	if path == "" || intoFolder {
		path = filepath.Join(flags.output, shotName(url, flags.options))
	}
	if err := os.WriteFile(path, picture.Data, 0o644); err != nil {
		return fmt.Errorf("save the picture: %w", err)
	}
	return p.tellShot(url, path, picture, took)
}

func (p *program) tellShot(url, path string, picture client.Image, took time.Duration) error {
	// A format that cannot be read back has size 0×0, which is left out.
	shape, _, _ := image.DecodeConfig(bytes.NewReader(picture.Data))
	if p.json {
		return p.emit(shotLine{
			MessageType: "shot", URL: url, Status: "completed", File: path, Bytes: len(picture.Data),
			Width: shape.Width, Height: shape.Height, DurationMS: took.Milliseconds(),
		})
	}
	var err error
	if p.terminal(p.stdout) {
		size := ""
		if shape.Width > 0 {
			size = fmt.Sprintf("   %d×%d", shape.Width, shape.Height)
		}
		_, err = fmt.Fprintf(p.stdout, "%s%s   %s   %.1f s\n", path, size, humanize.IBytes(uint64(len(picture.Data))), took.Seconds())
	} else {
		_, err = fmt.Fprintln(p.stdout, path)
	}
	return err
}

// tellFailedShot names the URL that failed; what failed goes back to the
// caller, who knows whether it is the end.
func (p *program) tellFailedShot(url string, took time.Duration, err error) error {
	if !captureFailed(err) {
		return err
	}
	failure := asExit(context.Background(), err)
	if p.json {
		return errors.Join(p.emit(shotLine{
			MessageType: "shot", URL: url, Status: "failed", DurationMS: took.Milliseconds(),
			Error: failure.Word, Message: failure.Message,
		}), err)
	}
	p.say("error: %s", failure.Message)
	p.say("  url   %s", url)
	p.say("  code  %s", failure.Word)
	return &exit{Code: failure.Code, Word: failure.Word, Err: err}
}

// shotName makes a file name of a URL: host and path, in characters that every
// file system takes.
func shotName(url string, options darkroom.Options) string {
	_, rest, _ := strings.Cut(url, "://")
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		}
		return '_'
	}, strings.Trim(rest, "/"))
	name = strings.TrimLeft(name[:min(len(name), 100)], ".")
	if name == "" {
		name = "shot"
	}
	return name + "." + options.WithDefaults().Format
}
