package manual

import (
	"io/fs"
	"slices"
	"strings"
)

// entry is a page in the table of contents.
type entry struct {
	Name  string // of the file, without its ending
	About string // one sentence
	Title string // the page's own heading
}

// chapter is what belongs together.
type chapter struct {
	Title string
	Pages []entry
}

// referenceName is the page that no file is behind.
const referenceName = "reference"

// order is the table of contents. A page that it does not name is listed last.
func order() []chapter {
	return []chapter{
		{"Begin", []entry{
			{Name: "quickstart", About: "The first picture, the first batch, the first webhook."},
			{Name: "dashboard", About: "The pages in the browser: runs, failures, deliveries, keys."},
			{Name: "cli", About: "Every command, what it prints and how it ends."},
			{Name: "mcp", About: "Tools for agents that speak MCP, and how their clients are set up."},
		}},
		{"API", []entry{
			{Name: "api", About: "How jobs, results, events and archives work."},
			{Name: referenceName, About: "Every route with its parameters, answers, errors and examples."},
			{Name: "options", About: "Everything that can be said about a capture, with its default and its range."},
			{Name: "errors", About: "Every code: its cause and what to do."},
			{Name: "limits", About: "Every limit, its default, its unit and what happens beyond it."},
			{Name: "sitemaps", About: "Which pages of a site are found and chosen, plans and samples."},
			{Name: "webhooks", About: "What is sent at the end of a job, how it is signed, tried again and looked at."},
			{Name: "states", About: "The lives of jobs, captures and deliveries."},
		}},
		{"Pictures", []entry{
			{Name: "pictures", About: "PDF, deterministic pictures, the quality gate, variants of one load."},
			{Name: "identity", About: "Who the browser says it is; credentials, proxies, certificates."},
			{Name: "blocking", About: "Advertisements, trackers, chat boxes and cookie banners."},
		}},
		{"Operation", []entry{
			{Name: "deploy", About: "One machine, many machines, reverse proxies, backup, upgrade, runbooks."},
			{Name: "config", About: "Every setting as flag, variable and key of the file."},
			{Name: "keys", About: "Keys: scopes, limits, rotation, erasure."},
			{Name: "security", About: "What keeps a hostile page from what is yours, and what does not."},
			{Name: "egress", About: "Which addresses may be reached, and the rules that change it."},
			{Name: "metrics", About: "What Prometheus is told, and what is worth an alarm."},
			{Name: "scale", About: "How many instances carry how much, and what limits them."},
			{Name: "benchmarks", About: "Figures beside other programs, and how they were measured."},
		}},
		{"Moving over", []entry{
			{Name: "compatibility", About: "What is the same as the commercial API, what is added, what was decided."},
			{Name: "migration", About: "From the commercial API to this server and back."},
			{Name: "scorecard", About: "What is there beside comparable programs, and what falls short."},
		}},
	}
}

// contents is the order, of the pages that there are.
func contents(files fs.FS) ([]chapter, error) {
	names, err := fs.Glob(files, "*.md")
	if err != nil {
		return nil, err
	}
	left := map[string]bool{referenceName: true}
	for _, name := range names {
		left[strings.TrimSuffix(name, ".md")] = true
	}
	var all []chapter
	for _, one := range order() {
		one.Pages = slices.DeleteFunc(one.Pages, func(page entry) bool { return !left[page.Name] })
		for _, page := range one.Pages {
			delete(left, page.Name)
		}
		all = append(all, one)
	}
	var more []entry
	for name := range left {
		more = append(more, entry{Name: name})
	}
	if len(more) > 0 {
		slices.SortFunc(more, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
		all = append(all, chapter{"More", more})
	}
	return all, nil
}
