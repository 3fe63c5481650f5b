package mcp

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"darkroom"
	"darkroom/client"
)

type explainArgs struct {
	ID string `json:"id" jsonschema:"the job's id; - is the latest job"`
	N  int    `json:"n,omitempty" jsonschema:"number of the capture that failed; without it the first failure"`
}

func explainTool() *sdk.Tool {
	return &sdk.Tool{
		Name: "explain_failure", Annotations: reads("Explain a failure"),
		Description: "Tell why a capture failed and what to do: its cause, redirects, requests that failed or had no end, console errors, and the last that the page showed.",
	}
}

func explainFailure(ctx context.Context, c call, in explainArgs) ([]sdk.Content, error) {
	id, err := c.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	job, err := c.Job(ctx, id)
	if err != nil {
		return nil, err
	}
	if in.N != 0 {
		result, err := c.result(ctx, job.ID, in.N)
		if err != nil {
			return nil, err
		}
		return c.explain(ctx, job, result)
	}
	page, err := c.ResultsPage(ctx, job.ID, client.ResultParams{State: darkroom.CaptureFailed, Limit: 1})
	switch {
	case err != nil:
		return nil, err
	case len(page.Results) > 0:
		return c.explain(ctx, job, page.Results[0])
	case job.Error != nil:
		return []sdk.Content{text("%s\nWhat to do: %s", headline(job), adviceOfJob(*job.Error))}, nil
	}
	return []sdk.Content{text("%s No capture has failed.", headline(job))}, nil
}

// explain tells of one capture what was noticed.
func (c call) explain(ctx context.Context, job client.Job, r client.Result) ([]sdk.Content, error) {
	if r.State != darkroom.CaptureFailed {
		return []sdk.Content{text("Capture %d of job %s has not failed: it is %s.\n%s", r.Index, job.ID, r.State, resultLine(r))}, nil
	}
	lines := []string{
		facts(job, r),
		fmt.Sprintf("It failed with %s after %d attempts, the last of %.1f s: %s", r.ErrorCode, r.Attempts, float64(r.DurationMS)/1000, sentence(r)),
		"What to do: " + advice(r.ErrorCode),
	}
	content := []sdk.Content{text("%s", strings.Join(append(lines, evidence(r.Evidence)...), "\n"))}
	if r.LastFrameURL == nil {
		return content, nil
	}
	frame, err := c.Picture(ctx, job.ID, r.Index, darkroom.ViewLastFrame)
	if errors.Is(err, client.ErrNoResult) || errors.Is(err, client.ErrExpired) {
		return content, nil
	}
	if err != nil {
		return nil, err
	}
	block, _, err := c.block(ctx, frame, image.Rectangle{})
	if err != nil {
		return nil, err
	}
	return append(content, text("The last that the page showed:"), block), nil
}

// evidence is what was noticed of the page, a line each.
func evidence(e *darkroom.Evidence) []string {
	if e == nil {
		return []string{"Nothing was noticed of the page besides."}
	}
	var lines []string
	list := func(title string, entries []string) {
		if len(entries) > 0 {
			lines = append(lines, title)
		}
		for _, entry := range entries {
			lines = append(lines, "  "+entry)
		}
	}
	list("Redirects:", each(e.Redirects, func(r darkroom.Redirect) string { return fmt.Sprintf("%d from %s", r.Status, quoted(r.URL)) }))
	list("Requests without an end:", each(e.Pending, quoted))
	list("Requests that failed:", each(e.Failed, func(f darkroom.FailedRequest) string {
		if f.Status > 0 {
			return fmt.Sprintf("%s answered %d", quoted(f.URL), f.Status)
		}
		return quoted(f.URL) + ": " + f.Error
	}))
	list("Errors on the console:", each(e.Console, func(m darkroom.ConsoleMessage) string { return quoted(m.Text) }))
	return lines
}

func each[T any](list []T, line func(T) string) []string {
	lines := make([]string, len(list))
	for i, entry := range list {
		lines[i] = line(entry)
	}
	return lines
}
