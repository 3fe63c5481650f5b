package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"darkroom"
	"darkroom/client"
)

const sitemapExamples = `  darkroom sitemap https://your.site
  darkroom sitemap https://your.site/sitemap.xml --list --exclude '/tag/|[?]page='
  darkroom sitemap https://your.site --max-pages 500 --per-template 5 --full-page`

// sitemapFlags are what `darkroom sitemap` was asked.
type sitemapFlags struct {
	jobFlags

	choice  client.SitemapParams // without its Params: those are of jobFlags
	since   string
	list    bool
	verbose bool
}

func (p *program) sitemapCommand() *cobra.Command {
	var flags sitemapFlags
	command := &cobra.Command{
		Use:   "sitemap URL",
		Short: "Capture the pages of a site and save them as one ZIP",
		Long: `Capture the pages of a site and save them as one ZIP.

URL is a sitemap, a sitemap index, a feed, a robots.txt or a site's root, whose
sitemaps are then looked for. --list shows which pages that would be.`,
		Example: sitemapExamples,
		Args:    oneSitemap,
		RunE: func(command *cobra.Command, args []string) error {
			return p.sitemap(command.Context(), &flags, withScheme(args[0]))
		},
	}
	flags.add(command.Flags())
	flags.addChoice(command.Flags())
	return command
}

func oneSitemap(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("name one sitemap or site")
	}
	return nil
}

// addChoice adds the flags that choose among the pages. --max-pages is also
// the setting of that name: a server in this process allows what is asked.
func (f *sitemapFlags) addChoice(flags *pflag.FlagSet) {
	flags.IntVar(&f.choice.MaxPages, "max-pages", 0,
		fmt.Sprintf("capture at most this `number` of pages (default %d)", darkroom.DefaultCrawlPages))
	flags.StringArrayVar(&f.choice.Include, "include", nil, "only URLs that this regular `expression` matches; may be repeated")
	flags.StringArrayVar(&f.choice.Exclude, "exclude", nil, "no URL that this regular `expression` matches; may be repeated")
	flags.BoolVar(&f.choice.AnyHost, "any-host", false, "pages of other hosts than the sitemap's too")
	flags.BoolVar(&f.choice.RespectRobots, "respect-robots", false, "leave alone what robots.txt refuses, and keep its Crawl-delay")
	flags.StringVar(&f.since, "since", "", "leave out pages that say they were last changed before this `date`, such as 2026-04-01")
	flags.IntVar(&f.choice.PerTemplate, "per-template", 0, "only this `number` of pages of each kind, such as /blog/…")
	flags.BoolVar(&f.list, "list", false, "print the URLs that would be captured, and capture nothing")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "with --list: name every URL that is left out, and why")
}

func (p *program) sitemap(ctx context.Context, flags *sitemapFlags, url string) error {
	choice, err := flags.chosen()
	if err != nil {
		return err
	}
	server, err := p.begin(ctx, &flags.jobFlags)
	if err != nil {
		return err
	}
	defer p.leave(ctx, server)
	if flags.list {
		return p.listSitemap(ctx, server, flags, url, choice)
	}
	job, err := server.Sitemap(ctx, url, choice)
	if err != nil {
		return err
	}
	return p.follow(ctx, server, job, &flags.jobFlags, func(ctx context.Context) (client.Plan, error) {
		return server.PlanSitemap(ctx, url, choice)
	})
}

// chosen checks the flags against one another and gives what they ask for.
func (f *sitemapFlags) chosen() (client.SitemapParams, error) {
	choice := f.choice
	choice.Params = f.params
	switch {
	case f.verbose && !f.list:
		return choice, usage("--verbose goes with --list")
	case f.list && (f.detach || f.waiting.output != ""):
		return choice, usage("--list makes no job and no ZIP: leave out --detach and --output")
	}
	if f.since == "" {
		return choice, nil
	}
	since, err := parseDate(f.since)
	choice.LastmodAfter = since
	return choice, err
}

// parseDate reads a day, which begins in UTC, or a moment.
func parseDate(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if moment, err := time.Parse(layout, text); err == nil {
			return moment, nil
		}
	}
	return time.Time{}, usage("--since: %q is no date such as 2026-04-01 or 2026-04-01T15:04:05Z", text)
}
