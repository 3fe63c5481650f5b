package api

import (
	"maps"

	"darkroom"

	"github.com/danielgtaylor/huma/v2"
)

func batchFields(registry huma.Registry, limits Limits) map[string]*huma.Schema {
	own := jobFields(registry, limits, darkroom.KindBatch)
	own["requests"] = list(optionsSchema(registry, map[string]*huma.Schema{
		"url": text("An http or https URL.", darkroom.MaxURLBytes),
	}, "url"), 1, limits.MaxURLs)
	own["requests"].Description = "Instead of urls: each URL with options of its own, which lie over those of the job."
	own["urls"] = list(text("An http or https URL.", darkroom.MaxURLBytes), 1, limits.MaxURLs)
	return own
}

func sitemapFields(registry huma.Registry, limits Limits) map[string]*huma.Schema {
	pages := integer("Pages to capture at most.", 1, limits.MaxPages, min(darkroom.DefaultCrawlPages, limits.MaxPages))
	alias := *pages
	alias.Description, alias.Default = "Another name of max_pages, which goes before it.", nil
	own := jobFields(registry, limits, darkroom.KindSitemap)
	maps.Copy(own, map[string]*huma.Schema{
		"sitemap_url":           text("A sitemap, an index of sitemaps, a feed or a list of URLs; a robots.txt or a site's root leads to it.", darkroom.MaxURLBytes),
		"max_pages":             pages,
		"max_urls":              &alias,
		"include_pattern":       patterns("One must match the URL of a page; none = every URL."),
		"exclude_pattern":       patterns("None may match the URL of a page."),
		"same_host":             boolean("Only pages of the sitemap's own host.", true),
		"respect_robots":        boolean("Pages that robots.txt refuses end as robots_denied, and its Crawl-delay is kept.", false),
		"include_lastmod_after": text("Leave out pages that say they are older, as RFC 3339 or a day; pages that say nothing stay.", maxDayBytes),
		"sample": {
			Type: huma.TypeObject, Description: "Take only some pages of each path shape.",
			Properties: map[string]*huma.Schema{
				"per_template": integer("Pages of each path shape; 0 = all.", 0, darkroom.MaxPerTemplate, 0),
			},
		},
		"plan": boolean("Read the sitemap now and tell what the job would capture. Nothing is created.", false),
	})
	return own
}

// patterns is one regular expression or several.
func patterns(about string) *huma.Schema {
	one := text("", darkroom.MaxPatternBytes)
	return &huma.Schema{
		Description: "Regular expressions (RE2). " + about,
		OneOf:       []*huma.Schema{one, list(one, 0, darkroom.MaxPatterns)},
	}
}

func list(schema *huma.Schema, least, most int) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: schema, MinItems: &least, MaxItems: &most}
}

func boolean(about string, standard bool) *huma.Schema {
	return &huma.Schema{Type: huma.TypeBoolean, Description: about, Default: standard}
}

func jobFields(registry huma.Registry, limits Limits, kind darkroom.JobKind) map[string]*huma.Schema {
	seconds := int(limits.Retention.Seconds())
	variants := list(optionsSchema(registry, map[string]*huma.Schema{
		"name": text("ASCII letters, digits, -, _ and dots; file names end with it. v1, v2, … when it is not given.", darkroom.MaxVariantNameBytes),
	}, ""), 0, darkroom.MaxVariants)
	variants.Description = "Each URL is captured once in each, with these options over all others."
	return map[string]*huma.Schema{
		"variants":         variants,
		"gallery":          boolean("Put index.html into the archive: a page that shows the pictures, without a network.", true),
		"callback_url":     text("Webhook that is told when the job has ended.", darkroom.MaxCallbackURLBytes),
		"name":             text("A name to find the job by.", darkroom.MaxNameBytes),
		"tags":             list(text("A word to find jobs by.", darkroom.MaxTagBytes), 0, darkroom.MaxTags),
		"priority":         enumeration("Normal goes before low, among the jobs of the key.", darkroom.PriorityNormal, darkroom.PriorityLow),
		"retention":        integer("How long results live after the end of the job, in s.", 1, seconds, seconds),
		"host_concurrency": integer("Captures of one host at once, over all jobs of the key.", 1, darkroom.MaxHostConcurrency, hostConcurrency(kind)),
		"host_delay":       integer("Least time between two captures of one host, in ms.", 0, int(darkroom.MaxHostDelay.Milliseconds()), 0),
	}
}
