package dashboard

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"darkroom"
)

const (
	runsPerPage = 20
	stripLength = 6 // pictures beside a run
)

// jobList is what GET /v1/jobs answers.
type jobList struct {
	Jobs    []darkroom.JobAnswer
	Total   int
	HasMore bool `json:"has_more"`
}

// runRow is a run in the list.
type runRow struct {
	darkroom.JobAnswer

	Strip []darkroom.ResultAnswer
}

type runsPage struct {
	Rows     []runRow
	Tabs     []countTab
	Query    string
	Page     int
	Previous string // link; "" = there is none
	Next     string
	Total    int
}

// countTab is a status to look at, and how many runs have it.
type countTab struct {
	Status  string
	Count   int
	Link    string
	Current bool
}

func (d *Dashboard) runs(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	query := r.URL.Query()
	number, _ := strconv.Atoi(query.Get("page"))
	shown := runsPage{Query: query.Get("q"), Page: max(1, number)}
	filter := jobFilter(shown.Query)
	filter.Set("limit", strconv.Itoa(runsPerPage))
	filter.Set("offset", strconv.Itoa((shown.Page-1)*runsPerPage))
	var list jobList
	if err := d.call(r.Context(), key, http.MethodGet, "/v1/jobs?"+filter.Encode(), nil, &list); err != nil {
		return err
	}
	shown.Total = list.Total
	for _, job := range list.Jobs {
		row := runRow{JobAnswer: job}
		if job.Progress.Completed > 0 && untilText(job.ExpiresAt, d.Now()) != "expired" {
			var strip darkroom.ResultsAnswer
			path := darkroom.ResultsPath(job.ID) + "?state=completed&limit=" + strconv.Itoa(stripLength)
			if err := d.call(r.Context(), key, http.MethodGet, path, nil, &strip); err == nil { // it may have been deleted meanwhile
				row.Strip = strip.Results
			}
		}
		shown.Rows = append(shown.Rows, row)
	}
	if shown.Page > 1 {
		shown.Previous = pageLink(shown.Query, shown.Page-1)
	}
	if list.HasMore {
		shown.Next = pageLink(shown.Query, shown.Page+1)
	}
	var err error
	if shown.Tabs, err = d.tabs(r, key, shown.Query); err != nil {
		return err
	}
	return d.show(w, r, key, http.StatusOK, "runs", view{Title: "Runs", Tab: "runs", Live: "/events", Data: shown})
}

func (d *Dashboard) tabs(r *http.Request, key darkroom.APIKey, query string) ([]countTab, error) {
	var tabs []countTab
	for _, status := range append([]darkroom.JobStatus{""}, darkroom.JobStatuses()...) {
		var list jobList
		if err := d.call(r.Context(), key, http.MethodGet, "/v1/jobs?limit=1&status="+string(status), nil, &list); err != nil {
			return nil, err
		}
		words := ""
		if status != "" {
			words = "status:" + string(status)
		}
		tabs = append(tabs, countTab{Status: string(status), Count: list.Total, Link: pageLink(words, 1), Current: strings.TrimSpace(query) == words})
	}
	return tabs, nil
}

func pageLink(query string, page int) string {
	values := url.Values{}
	if query != "" {
		values.Set("q", query)
	}
	if page > 1 {
		values.Set("page", strconv.Itoa(page))
	}
	if len(values) == 0 {
		return "/"
	}
	return "/?" + values.Encode()
}

// jobFilter reads what was typed into the search: status:, type: and tag: with
// a word, after: and before: with a day (UTC), and text that the name or the id has.
func jobFilter(text string) url.Values {
	filter := url.Values{}
	var rest []string
	for _, word := range strings.Fields(text) {
		name, value, found := strings.Cut(word, ":")
		switch {
		case found && (name == "status" || name == "type" || name == "tag"):
			filter.Set(name, value)
		case found && (name == "after" || name == "before"):
			if len(value) == len(time.DateOnly) {
				value += "T00:00:00Z"
			}
			filter.Set("created_"+name, value)
		default:
			rest = append(rest, word)
		}
	}
	if len(rest) > 0 {
		filter.Set("q", strings.Join(rest, " "))
	}
	return filter
}
