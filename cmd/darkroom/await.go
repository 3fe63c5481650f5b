package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"darkroom"
	"darkroom/client"
)

// waitFlags say how a command waits for a job and what it does with the end.
type waitFlags struct {
	output        string
	timeout       time.Duration
	allowFailures bool
	quiet         bool
	progress      string // one of progressWays
}

func (w *waitFlags) add(flags *pflag.FlagSet) {
	flags.StringVarP(&w.output, "output", "o", "", "`file` or folder for the ZIP; - is stdout (default: the server's name for it, here)")
	w.addWaiting(flags)
}

func (w *waitFlags) addWaiting(flags *pflag.FlagSet) {
	flags.DurationVar(&w.timeout, "timeout", 0, "stop waiting after this `time` (exit code 7); the job goes on")
	flags.BoolVar(&w.allowFailures, "allow-failures", false, "exit 0 although some URLs failed")
	flags.BoolVarP(&w.quiet, "quiet", "q", false, "no progress; print the result only")
	flags.Var(&choiceFlag{&w.progress, progressWays()}, "progress", "how progress is shown: a bar on a terminal, plain lines, or not at all (default auto)")
}

// errWaitedEnough ends a wait by --timeout.
var errWaitedEnough = errors.New("waited as long as --timeout said")

// await waits for the end of a job as the flags say, and shows its progress.
func (p *program) await(ctx context.Context, server *target, id string, flags waitFlags, show progress) (client.Job, error) {
	waiting := ctx
	if flags.timeout > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeoutCause(ctx, flags.timeout, errWaitedEnough)
		defer cancel()
	}
	job, err := p.watch(waiting, server, id, show)
	switch {
	case err == nil:
		return job, nil
	case ctx.Err() != nil:
		return job, stoppedWatching(id)
	case waiting.Err() != nil:
		return job, waitedEnough(server, id, flags.timeout)
	}
	return job, err
}

func stoppedWatching(id string) error {
	return &exit{Code: exitInterrupted, Word: "interrupted", Message: "Stopped watching. The job goes on: darkroom jobs watch " + id}
}

func waitedEnough(server *target, id string, timeout time.Duration) error {
	end := &exit{
		Code: exitTimeout, Word: "timeout", Message: fmt.Sprintf("the job has not ended after %s; it goes on", timeout),
		Hint: "darkroom jobs watch " + id,
	}
	if server.here != nil {
		end.Message, end.Hint = fmt.Sprintf("the job has not ended after %s", timeout), "give it a longer --timeout, or run it on a server"
	}
	return end
}

// awaitAndSave waits for a new job and saves its archive.
func (p *program) awaitAndSave(ctx context.Context, server *target, job client.Job, flags waitFlags, show progress) error {
	started := time.Now()
	id := job.ID
	job, err := p.await(ctx, server, id, flags, show)
	if err != nil && ctx.Err() != nil && server.here != nil {
		return p.salvage(ctx, server.here, id, flags.output, started)
	}
	if err != nil {
		return err
	}
	saved := ""
	if job.ResultURL != nil {
		if saved, err = p.save(ctx, server, job.ID, flags.output); err != nil {
			return err
		}
	}
	if err := p.tellResult(job, saved, time.Since(started)); err != nil {
		return err
	}
	return endOf(job, flags.allowFailures)
}

// endOf is how the program ends after a job that ended: the failed URLs have
// been told.
func endOf(job client.Job, allowFailures bool) error {
	switch {
	case job.Status == darkroom.StatusFailed:
		return quietly(exitAllFailed, "failed")
	case job.Status == darkroom.StatusPartial && !allowFailures:
		return quietly(exitPartial, "partial")
	}
	return nil
}

// save downloads the archive to where output says and gives the place; "" when
// it went to stdout.
func (p *program) save(ctx context.Context, server *target, id, output string) (string, error) {
	if output == "-" {
		return "", p.pour(ctx, server, id)
	}
	path, err := p.archivePath(ctx, server, id, output)
	if err != nil {
		return "", err
	}
	if err := server.DownloadTo(ctx, id, path); err != nil {
		return "", fmt.Errorf("save %s: %w", path, err)
	}
	return path, nil
}

// archivePath completes --output by the name that the server proposes.
func (p *program) archivePath(ctx context.Context, server *target, id, output string) (string, error) {
	info, err := os.Stat(output)
	if output != "" && (err != nil || !info.IsDir()) {
		return output, nil
	}
	archive, err := server.Download(ctx, id)
	if err != nil {
		return "", fmt.Errorf("download the archive: %w", err)
	}
	defer archive.Close()
	name := filepath.Base(filepath.Clean("/" + archive.Name))
	if archive.Name == "" || name == string(filepath.Separator) {
		name = "darkroom-" + id + ".zip"
	}
	return filepath.Join(output, name), nil
}

func (p *program) pour(ctx context.Context, server *target, id string) error {
	archive, err := server.Download(ctx, id)
	if err != nil {
		return fmt.Errorf("download the archive: %w", err)
	}
	defer archive.Close()
	if _, err := io.Copy(p.stdout, archive); err != nil {
		return fmt.Errorf("write the archive to stdout: %w", err)
	}
	return nil
}

// checkOutput refuses two kinds of data on one stdout.
func (p *program) checkOutput(output string) error {
	if p.json && output == "-" {
		return usage("--json and --output - both write to stdout: give --output a file")
	}
	return nil
}

// size says how big a file is, for people.
func size(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "? bytes"
	}
	return humanize.IBytes(uint64(info.Size()))
}

// way is how progress is shown.
func (w *waitFlags) way() string {
	if w.quiet {
		return progressNone
	}
	return cmp.Or(w.progress, progressAuto)
}

// choiceFlag takes one of a few words.
type choiceFlag struct {
	text  *string
	words []string
}

func (f *choiceFlag) String() string { return "" }

// Type is how --help calls the value.
func (f *choiceFlag) Type() string { return strings.Join(f.words, "|") }

// Set refuses every other word.
func (f *choiceFlag) Set(text string) error {
	if !slices.Contains(f.words, text) {
		return fmt.Errorf("it is one of %s", strings.Join(f.words, ", "))
	}
	*f.text = text
	return nil
}
