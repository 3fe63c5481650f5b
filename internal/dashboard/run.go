package dashboard

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"darkroom"
	"darkroom/internal/store"
)

const (
	cardsPerPage  = 120
	failuresOnTop = 20
	logLines      = 300
)

type runPage struct {
	Job      darkroom.JobAnswer
	View     string // gallery, table, log, settings, deliveries
	State    string // of the captures that are shown; "" = any
	Results  []darkroom.ResultAnswer
	Failures []darkroom.ResultAnswer
	More     string // cursor of the next page; "" = this is the last
	Cursor   string // of this page; "" = the first

	Settings   []setting
	Log        []store.ChangedResult
	Deliveries []darkroom.Delivery
}

type setting struct{ Name, Value string }

func runViews() []string { return []string{"gallery", "table", "log", "settings", "deliveries"} }

func (d *Dashboard) run(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	query := r.URL.Query()
	shown := runPage{View: query.Get("view"), State: query.Get("state"), Cursor: query.Get("cursor")}
	if !slices.Contains(runViews(), shown.View) {
		shown.View = "gallery"
	}
	id := url.PathEscape(r.PathValue("id"))
	if err := d.call(r.Context(), key, http.MethodGet, darkroom.JobPath(id), nil, &shown.Job); err != nil {
		return err
	}
	if err := d.fillRun(r, key, &shown); err != nil {
		return err
	}
	v := view{Title: nameOf(shown.Job), Tab: "runs", Data: shown}
	if !shown.Job.Status.Terminal() {
		v.Live = "/jobs/" + shown.Job.ID + "/events"
	}
	return d.show(w, r, key, http.StatusOK, "run", v)
}

func (d *Dashboard) fillRun(r *http.Request, key darkroom.APIKey, shown *runPage) (err error) {
	id := shown.Job.ID
	if shown.Job.Progress.Failed > 0 {
		if shown.Failures, _, err = d.results(r, key, id, url.Values{"state": {"failed"}, "limit": {strconv.Itoa(failuresOnTop)}}); err != nil {
			return err
		}
	}
	switch shown.View {
	case "log":
		shown.Log, err = d.Store.ChangedResults(r.Context(), id, 0, 0, logLines)
	case "settings":
		var job darkroom.Job
		job, err = d.Store.Job(r.Context(), key.ID, id)
		shown.Settings = settingsOf(job)
	case "deliveries":
		shown.Deliveries, err = d.Store.Deliveries(r.Context(), id)
	default:
		values := url.Values{"limit": {strconv.Itoa(cardsPerPage)}}
		if shown.State != "" {
			values.Set("state", shown.State)
		}
		if shown.Cursor != "" {
			values.Set("cursor", shown.Cursor)
		}
		shown.Results, shown.More, err = d.results(r, key, id, values)
	}
	return err
}

func (d *Dashboard) results(r *http.Request, key darkroom.APIKey, id string, values url.Values) (all []darkroom.ResultAnswer, more string, err error) {
	var page darkroom.ResultsAnswer
	if err := d.call(r.Context(), key, http.MethodGet, darkroom.ResultsPath(id)+"?"+values.Encode(), nil, &page); err != nil {
		return nil, "", err
	}
	if page.NextCursor != nil {
		more = *page.NextCursor
	}
	return page.Results, more, nil
}

// settingsOf lists what the run was asked for besides its URLs. Secrets are not
// among it.
func settingsOf(job darkroom.Job) []setting {
	settings := []setting{{"kind", string(job.Kind)}}
	if job.Kind == darkroom.KindSitemap {
		settings = append(settings, setting{"sitemap_url", job.Crawl.SitemapURL}, setting{"max_pages", strconv.Itoa(job.Crawl.MaxPages)})
	}
	for name, value := range formOf(job.Options) {
		settings = append(settings, setting{name, value})
	}
	settings = append(settings, setting{"host_concurrency", strconv.Itoa(job.HostConcurrency)}, setting{"retention", job.Retention.String()})
	if job.CallbackURL != "" {
		settings = append(settings, setting{"callback_url", job.CallbackURL})
	}
	slices.SortFunc(settings[1:], func(a, b setting) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return settings
}

type shotPage struct {
	Job      darkroom.JobAnswer
	Shot     darkroom.ResultAnswer
	Previous int // 0 = there is none
	Next     int
	Actual   bool // the picture in its own size, not fitted to the window
	History  []darkroom.Capture
}

const historyLength = 12

func (d *Dashboard) shot(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	index, err := strconv.Atoi(r.PathValue("index"))
	if err != nil || index < 1 {
		return noSuchShot()
	}
	var shown shotPage
	id := url.PathEscape(r.PathValue("id"))
	if err := d.call(r.Context(), key, http.MethodGet, darkroom.JobPath(id), nil, &shown.Job); err != nil {
		return err
	}
	found, _, err := d.results(r, key, shown.Job.ID, url.Values{"cursor": {strconv.Itoa(index - 1)}, "limit": {"1"}})
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Index != index {
		return noSuchShot()
	}
	shown.Shot, shown.Previous, shown.Actual = found[0], index-1, r.URL.Query().Get("size") == "actual"
	if index < shown.Job.Progress.Total {
		shown.Next = index + 1
	}
	if shown.History, err = d.Store.History(r.Context(), key.ID, shown.Shot.URL, historyLength); err != nil {
		return err
	}
	v := view{Title: shown.Shot.URL, Tab: "runs", Data: shown}
	if !shown.Shot.State.Terminal() {
		v.Live = "/jobs/" + shown.Job.ID + "/events"
	}
	return d.show(w, r, key, http.StatusOK, "shot", v)
}

func noSuchShot() error {
	return darkroom.Errorf(darkroom.CodeNotFound, "This run has no picture with that number")
}
