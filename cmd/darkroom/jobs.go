package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/client"
)

func (p *program) jobsCommand() *cobra.Command {
	command := &cobra.Command{Use: "jobs", Short: "List, watch, download, cancel, retry, keep, open and delete jobs", RunE: needsSubcommand}
	command.AddCommand(p.jobsListCommand(), p.jobsGetCommand(), p.jobsWatchCommand(), p.jobsDownloadCommand(),
		p.jobsCancelCommand(), p.jobsRetryCommand(), p.jobsKeepCommand(), p.jobsDeleteCommand(), p.openCommand("open ID"))
	return command
}

// onServer makes the body of a command that takes the id of a job.
func (p *program) onServer(where *whereFlags, body func(ctx context.Context, server *target, id string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage("name one job: the id that batch printed, the beginning of it, @NAME, or - for the latest")
		}
		server, err := p.connectServer(command.Context(), where)
		if err != nil {
			return err
		}
		id, err := findJob(command.Context(), server, args[0])
		if err != nil {
			return err
		}
		return body(command.Context(), server, id)
	}
}

// findJob completes the beginning of an id; - is the latest job, and @NAME the
// latest of that name.
func findJob(ctx context.Context, server *target, text string) (string, error) {
	if len(text) == len("00000000-0000-0000-0000-000000000000") {
		return text, nil
	}
	name, named := strings.CutPrefix(text, "@")
	if !named {
		name = ""
	}
	var found []string
	for job, err := range server.Jobs(ctx, client.ListParams{Query: name}) {
		if err != nil {
			return "", err
		}
		if text == "-" || named && job.Name == name {
			return job.ID, nil
		}
		if !named && strings.HasPrefix(job.ID, strings.ToLower(text)) {
			found = append(found, job.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", darkroom.Errorf(darkroom.CodeNotFound, "no job of this key begins with %s, or is named so", text)
	case 1:
		return found[0], nil
	}
	return "", usage("%d jobs begin with %s: give more of the id", len(found), text)
}

func (p *program) jobsGetCommand() *cobra.Command {
	var where whereFlags
	command := &cobra.Command{Use: "get ID", Short: "Show one job"}
	command.RunE = p.onServer(&where, func(ctx context.Context, server *target, id string) error {
		job, err := server.Job(ctx, id)
		if err != nil {
			return err
		}
		if p.json {
			return p.emit(job)
		}
		return p.showJob(job)
	})
	where.add(command.Flags(), false)
	command.ValidArgsFunction = p.jobIDs(&where)
	return command
}

func (p *program) showJob(job client.Job) error {
	table := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(table, "%s\t%s\n", name, value)
		}
	}
	row("id", job.ID)
	row("type", string(job.Type))
	row("status", statusText(job))
	row("retry of", job.RetryOf)
	row("name", job.Name)
	if job.Discovery != nil {
		row("sitemap", job.SitemapURL)
		row("reading", readingText(*job.Discovery))
	}
	row("progress", progressText(job.Progress))
	row("created", job.CreatedAt.Format(time.RFC3339))
	row("completed", timeText(job.CompletedAt))
	row("expires", timeText(job.ExpiresAt))
	if job.Error != nil {
		row("error", *job.Error)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	return nil
}

func statusText(job client.Job) string {
	if job.Cancelled {
		return string(job.Status) + ", cancelled"
	}
	return string(job.Status)
}

func progressText(progress darkroom.ProgressAnswer) string {
	return fmt.Sprintf("%d/%d, %d failed", progress.Completed+progress.Failed, progress.Total, progress.Failed)
}

func timeText(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format(time.RFC3339)
}

func (p *program) jobsWatchCommand() *cobra.Command {
	var where whereFlags
	var waiting waitFlags
	command := &cobra.Command{Use: "watch ID", Short: "Show a job's progress until it has ended"}
	command.RunE = p.onServer(&where, func(ctx context.Context, server *target, id string) error {
		started := time.Now()
		show := tellReading(ctx, p.newProgress(waiting.way()), nil)
		job, err := p.await(ctx, server, id, waiting, show)
		if err != nil {
			return err
		}
		if err := p.tellResult(job, "", time.Since(started)); err != nil {
			return err
		}
		if job.ResultURL != nil {
			p.whisper("next: darkroom jobs download %s", id)
		}
		return endOf(job, waiting.allowFailures)
	})
	where.add(command.Flags(), false)
	command.ValidArgsFunction = p.jobIDs(&where)
	waiting.addWaiting(command.Flags())
	return command
}

func (p *program) jobsDownloadCommand() *cobra.Command {
	var where whereFlags
	var output string
	command := &cobra.Command{Use: "download ID", Short: "Save the ZIP of a job that has ended"}
	command.RunE = p.onServer(&where, func(ctx context.Context, server *target, id string) error {
		if err := p.checkOutput(output); err != nil {
			return err
		}
		saved, err := p.save(ctx, server, id, output)
		if err != nil || saved == "" {
			return err
		}
		if p.json {
			return p.emit(map[string]string{"message_type": "download", "job_id": id, "zip": saved})
		}
		_, err = fmt.Fprintln(p.stdout, saved)
		return err
	})
	where.add(command.Flags(), false)
	command.ValidArgsFunction = p.jobIDs(&where)
	command.Flags().StringVarP(&output, "output", "o", "", "`file` or folder; - is stdout (default: the server's name for it, here)")
	return command
}
