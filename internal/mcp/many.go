package mcp

import (
	"context"
	"fmt"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"darkroom"
	"darkroom/client"
)

type captureManyArgs struct {
	URLs     []string `json:"urls,omitempty" jsonschema:"the pages; or leave it out and give a sitemap"`
	Sitemap  string   `json:"sitemap,omitempty" jsonschema:"URL of a sitemap, or of a site whose sitemaps are then looked for"`
	MaxPages int      `json:"max_pages,omitempty" jsonschema:"with a sitemap: capture at most so many pages, default 50"`
	Include  []string `json:"include,omitempty" jsonschema:"with a sitemap: only URLs that one of these regular expressions matches"`
	Exclude  []string `json:"exclude,omitempty" jsonschema:"with a sitemap: no URL that one of these regular expressions matches"`
	Name     string   `json:"name,omitempty" jsonschema:"name of the job"`
	how
}

func captureManyTool() *sdk.Tool {
	return &sdk.Tool{
		Name: "capture_many", Annotations: captures("Capture many pages"),
		Description: "Start a job that captures a list of URLs, or the pages of a sitemap, and return its id at once. " +
			"Then ask job with wait_seconds until it has ended, and look for the contact sheet.",
	}
}

func captureMany(ctx context.Context, c call, in captureManyArgs) ([]sdk.Content, error) {
	if (in.Sitemap == "") == (len(in.URLs) == 0) {
		return nil, darkroom.Invalid("urls", "give either urls or a sitemap")
	}
	options, err := in.captureOptions()
	if err != nil {
		return nil, err
	}
	params := client.Params{Options: options, Name: in.Name, Tags: []string{byAgents}}
	var job client.Job
	if in.Sitemap != "" {
		job, err = c.Sitemap(ctx, in.Sitemap, client.SitemapParams{
			Params: params, MaxPages: in.MaxPages, Include: in.Include, Exclude: in.Exclude,
		})
	} else {
		job, err = c.Batch(ctx, in.URLs, params)
	}
	if err != nil {
		return nil, err
	}
	told := fmt.Sprintf("Job %s was accepted.", job.ID)
	if job.TotalURLs != nil {
		told = fmt.Sprintf("Job %s was accepted: %d URLs.", job.ID, *job.TotalURLs)
	}
	for _, warning := range job.Warnings {
		told += "\nWarning: " + warning
	}
	return []sdk.Content{text("%s%s\nNext: job with id %s and wait_seconds %d.", told, c.place(job.ID), job.ID, int(MaxCallWait.Seconds()))}, nil
}
