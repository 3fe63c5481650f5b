package mcp

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"darkroom"
	"darkroom/client"
)

type jobArgs struct {
	ID          string `json:"id" jsonschema:"the job's id; - is the latest job"`
	WaitSeconds int    `json:"wait_seconds,omitempty" jsonschema:"wait so long for the job to end, at most 50"`
	From        int    `json:"from,omitempty" jsonschema:"list captures from this number on, default 1"`
	FailedOnly  bool   `json:"failed_only,omitempty" jsonschema:"list only captures that failed"`
}

func jobTool() *sdk.Tool {
	return &sdk.Tool{
		Name: "job", Annotations: reads("Look at a job"),
		Description: "Tell the state of a job and list its captures by number: which were taken, which failed and why. With wait_seconds it waits for the end.",
	}
}

func jobState(ctx context.Context, c call, in jobArgs) ([]sdk.Content, error) {
	id, err := c.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	job, err := c.await(ctx, id, min(time.Duration(in.WaitSeconds)*time.Second, MaxCallWait))
	if err != nil {
		return nil, err
	}
	params := client.ResultParams{Limit: MaxListed, Cursor: before(in.From)}
	if in.FailedOnly {
		params.State = darkroom.CaptureFailed
	}
	page, err := c.ResultsPage(ctx, job.ID, params)
	if err != nil {
		return nil, err
	}
	lines := []string{headline(job) + c.place(job.ID)}
	for _, result := range page.Results {
		lines = append(lines, resultLine(result))
	}
	if page.NextCursor != nil && len(page.Results) > 0 {
		lines = append(lines, fmt.Sprintf("More: from %d.", page.Results[len(page.Results)-1].Index+1))
	}
	return []sdk.Content{text("%s\n%s", strings.Join(lines, "\n"), next(job))}, nil
}

// find gives the id of the latest job for -.
func (c call) find(ctx context.Context, id string) (string, error) {
	if id != "-" {
		return id, nil
	}
	page, err := c.Page(ctx, client.ListParams{Limit: 1})
	if err != nil {
		return "", err
	}
	if len(page.Jobs) == 0 {
		return "", darkroom.Errorf(darkroom.CodeNotFound, "this key has no job yet")
	}
	return page.Jobs[0].ID, nil
}

// await gives the job when it has ended, or as it is when the time is over.
func (c call) await(ctx context.Context, id string, wait time.Duration) (client.Job, error) {
	if wait > 0 {
		waiting, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		job, err := c.Wait(waiting, id, nil)
		if err == nil || ctx.Err() != nil || !errors.Is(waiting.Err(), context.DeadlineExceeded) {
			return job, err
		}
	}
	return c.Job(ctx, id)
}

// result gives one capture of a job.
func (c call) result(ctx context.Context, id string, number int) (client.Result, error) {
	page, err := c.ResultsPage(ctx, id, client.ResultParams{Cursor: before(number), Limit: 1})
	if err != nil {
		return client.Result{}, err
	}
	if len(page.Results) == 0 || page.Results[0].Index != number {
		return client.Result{}, darkroom.Errorf(darkroom.CodeNotFound, "job %s has no capture number %d", id, number)
	}
	return page.Results[0], nil
}

// before is the cursor after which a capture comes first.
func before(number int) string {
	if number <= 1 {
		return ""
	}
	return strconv.Itoa(number - 1)
}

func headline(job client.Job) string {
	p := job.Progress
	state := string(job.Status)
	if job.Cancelled {
		state += ", cancelled"
	}
	line := fmt.Sprintf("Job %s is %s: %d of %d captured, %d failed.", job.ID, state, p.Completed, p.Total, p.Failed)
	if job.Name != "" {
		line += fmt.Sprintf(" Name %s.", quoted(job.Name))
	}
	if found := job.Discovery; found != nil && !found.Ended {
		line += fmt.Sprintf(" Its sitemap is still being read, %d URLs so far.", found.Found)
	}
	if job.Error != nil {
		line += " " + *job.Error + "."
	}
	if job.Status.Terminal() && job.ExpiresAt != nil {
		line += " Results are kept until " + job.ExpiresAt.Format(time.RFC3339) + "."
	}
	return line
}

func resultLine(r client.Result) string {
	line := fmt.Sprintf("%4d  %-9s  %s", r.Index, r.State, r.URL)
	if r.Variant != "" {
		line += "  (" + r.Variant + ")"
	}
	switch {
	case r.State == darkroom.CaptureFailed:
		line += fmt.Sprintf("  %s: %s", r.ErrorCode, sentence(r))
	case r.Width > 0:
		line += fmt.Sprintf("  %d×%d", r.Width, r.Height)
	}
	return line
}

// next is what may be asked after looking at a job.
func next(job client.Job) string {
	switch {
	case !job.Status.Terminal():
		return fmt.Sprintf("Next: job again with wait_seconds %d; look already shows what is there.", int(MaxCallWait.Seconds()))
	case job.Progress.Failed > 0:
		return "Next: look for the contact sheet; explain_failure with a number."
	case job.Progress.Total > 0:
		return "Next: look for the contact sheet, or with a number n for one picture."
	}
	return "There is nothing to look at."
}
