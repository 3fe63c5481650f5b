package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/client"
)

func (p *program) jobsListCommand() *cobra.Command {
	var where whereFlags
	var filter client.ListParams
	var status string
	command := &cobra.Command{
		Use: "list", Short: "List jobs, newest first", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			filter.Status = darkroom.JobStatus(status)
			if status != "" && !filter.Status.Valid() {
				return usage("--status must be one of %v", darkroom.JobStatuses())
			}
			server, err := p.connectServer(command.Context(), &where)
			if err != nil {
				return err
			}
			return p.listJobs(command.Context(), server, filter)
		},
	}
	where.add(command.Flags(), false)
	command.Flags().StringVar(&status, "status", "", "only jobs in this `status`: pending, processing, completed, partial or failed")
	command.Flags().IntVar(&filter.Limit, "limit", darkroom.DefaultListLimit, "`number` of jobs, 1 to 100")
	command.Flags().IntVar(&filter.Offset, "offset", 0, "`number` of jobs to leave out first")
	return command
}

func (p *program) listJobs(ctx context.Context, server *target, filter client.ListParams) error {
	page, err := server.Page(ctx, filter)
	if err != nil {
		return err
	}
	if p.json {
		for _, job := range page.Jobs {
			if err := p.emit(job); err != nil {
				return err
			}
		}
		return nil
	}
	if err := p.jobTable(page.Jobs); err != nil {
		return err
	}
	if page.HasMore {
		p.whisper("%d of %d; more: --offset %d", len(page.Jobs), page.Total, filter.Offset+len(page.Jobs))
	}
	return nil
}

func (p *program) jobTable(jobs []client.Job) error {
	var rows [][]string
	for _, job := range jobs {
		rows = append(rows, []string{
			job.ID, string(job.Type), string(job.Status), strconv.Itoa(job.Progress.Completed), strconv.Itoa(job.Progress.Failed),
			strconv.Itoa(job.Progress.Total), job.CreatedAt.Format(time.RFC3339), job.Name,
		})
	}
	return p.table([]string{"ID", "TYPE", "STATUS", "OK", "FAILED", "TOTAL", "CREATED", "NAME"}, rows)
}
