package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"darkroom/client"
)

func (p *program) jobsCancelCommand() *cobra.Command {
	var where whereFlags
	command := &cobra.Command{
		Use: "cancel ID", Short: "End a job before its time; what is there stays",
		Long: `End a job before its time.

What is captured already stays and can be downloaded when the job has ended; the
rest fails as cancelled, and pages that are open are closed.`,
	}
	command.RunE = p.onServer(&where, func(ctx context.Context, server *target, id string) error {
		job, err := server.Cancel(ctx, id)
		if err != nil {
			return err
		}
		if p.json {
			return p.emit(job)
		}
		_, err = fmt.Fprintf(p.stdout, "cancelled %s\n", job.ID)
		if job.Progress.Completed > 0 {
			p.whisper("next: darkroom jobs download %s", job.ID)
		}
		return err
	})
	where.add(command.Flags(), false)
	command.ValidArgsFunction = p.jobIDs(&where)
	return command
}

func (p *program) jobsDeleteCommand() *cobra.Command {
	var where whereFlags
	command := &cobra.Command{
		Use: "delete ID", Short: "Delete a job and its pictures, also while it runs",
		Long: `Delete a job and its pictures, also while it runs.

Nothing of it can be had afterwards. Pictures that a retry has taken over stay
with that.`,
	}
	command.RunE = p.onServer(&where, func(ctx context.Context, server *target, id string) error {
		if err := server.Delete(ctx, id); err != nil {
			return err
		}
		if p.json {
			return p.emit(map[string]string{"message_type": "delete", "job_id": id})
		}
		_, err := fmt.Fprintf(p.stdout, "deleted %s\n", id)
		return err
	})
	where.add(command.Flags(), false)
	command.ValidArgsFunction = p.jobIDs(&where)
	return command
}

func (p *program) jobsRetryCommand() *cobra.Command {
	var where whereFlags
	command := &cobra.Command{
		Use: "retry ID", Short: "Capture again what failed, as a new job",
		Long: `Capture again what failed in a job that has ended, as a new job.

The new job takes over what was good, so that its ZIP has everything. Its id is
printed.`,
	}
	command.RunE = p.onServer(&where, func(ctx context.Context, server *target, id string) error {
		job, err := server.Retry(ctx, id, client.RetryParams{})
		if err != nil {
			return err
		}
		return p.tellCreated(server, job, true)
	})
	where.add(command.Flags(), false)
	command.ValidArgsFunction = p.jobIDs(&where)
	return command
}

func (p *program) jobsKeepCommand() *cobra.Command {
	var where whereFlags
	command := &cobra.Command{
		Use: "keep ID", Short: "Let the results of a job expire later",
		Long: `Let the results of a job that has ended live as long as those of one that ends
now. When they expire then is printed.`,
	}
	command.RunE = p.onServer(&where, func(ctx context.Context, server *target, id string) error {
		job, err := server.Keep(ctx, id)
		if err != nil {
			return err
		}
		if p.json {
			return p.emit(job)
		}
		_, err = fmt.Fprintf(p.stdout, "kept %s until %s\n", job.ID, timeText(job.ExpiresAt))
		return err
	})
	where.add(command.Flags(), false)
	command.ValidArgsFunction = p.jobIDs(&where)
	return command
}
