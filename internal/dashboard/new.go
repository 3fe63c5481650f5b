package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"darkroom"
)

// field is an option in the form of a new run.
type field struct {
	darkroom.Option

	Value string
}

// Check reports whether it is a box to tick.
func (f field) Check() bool { return f.Kind == darkroom.OptionBoolean }

type fieldGroup struct {
	Name   string
	Open   bool
	Fields []field
}

type newPage struct {
	Kind   string // urls or sitemap
	URLs   string
	Values url.Values // of what is no option
	Groups []fieldGroup
	Plan   *darkroom.PlanAnswer
	From   string // id of the run that is repeated
	Fault  *darkroom.Error
}

// groups are the options of the form. The others are the API's.
func groups() []struct {
	name    string
	options []string
} {
	return []struct {
		name    string
		options []string
	}{
		{"Picture", []string{"width", "height", "format", "quality", "device", "full_page", "retina", "dark_mode"}},
		{"Wait", []string{"wait_until", "wait_for", "delay", "timeout", "attempts"}},
		{"Hide and block", []string{"hide_selectors", "block_ads", "block_cookie_banners", "block_chats", "block_trackers"}},
		{"Style, script and evidence", []string{"css", "js", "evidence", "deterministic", "quality_gate"}},
	}
}

func (d *Dashboard) newRun(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	query := r.URL.Query()
	shown := newPage{Kind: query.Get("kind"), URLs: query.Get("urls"), Values: url.Values{}}
	options := map[string]string{}
	if id := query.Get("repeat"); id != "" {
		var err error
		if options, err = d.repeat(r, key, id, &shown); err != nil {
			return err
		}
	}
	return d.showNew(w, r, key, http.StatusOK, shown, options)
}

// repeat fills the form with what a run was asked for, but for its secrets.
func (d *Dashboard) repeat(r *http.Request, key darkroom.APIKey, id string, shown *newPage) (map[string]string, error) {
	job, err := d.Store.Job(r.Context(), key.ID, id)
	if err != nil {
		return nil, err
	}
	shown.From = job.ID
	shown.Values = url.Values{"name": {job.Name}, "tags": {strings.Join(job.Tags, ", ")}, "callback_url": {job.CallbackURL}}
	if job.Kind == darkroom.KindSitemap {
		shown.Kind = "sitemap"
		shown.Values.Set("sitemap_url", job.Crawl.SitemapURL)
		shown.Values.Set("max_pages", fmt.Sprint(job.Crawl.MaxPages))
		shown.Values.Set("include_pattern", strings.Join(job.Crawl.Include, "\n"))
		shown.Values.Set("exclude_pattern", strings.Join(job.Crawl.Exclude, "\n"))
		return formOf(job.Options), nil
	}
	var urls []string
	for capture, err := range d.Store.Addresses(r.Context(), job.ID) {
		if err != nil {
			return nil, err
		}
		if len(urls) == 0 || urls[len(urls)-1] != capture.URL { // its variants follow one another
			urls = append(urls, capture.URL)
		}
	}
	shown.URLs = strings.Join(urls, "\n")
	return formOf(job.Options), nil
}

func (d *Dashboard) showNew(w http.ResponseWriter, r *http.Request, key darkroom.APIKey, status int, shown newPage, options map[string]string) error {
	if shown.Kind != "sitemap" {
		shown.Kind = "urls"
	}
	for i, group := range groups() {
		made := fieldGroup{Name: group.name, Open: i == 0}
		for _, name := range group.options {
			option, known := darkroom.FindOption(name)
			if !known {
				continue
			}
			made.Fields = append(made.Fields, field{option, options[name]})
			made.Open = made.Open || options[name] != ""
		}
		shown.Groups = append(shown.Groups, made)
	}
	return d.show(w, r, key, status, "new", view{Title: "New run", Tab: "new", Data: shown})
}

// startRun sends the form to the API, which takes numbers and truth as text
// too. A refused form is shown again with what was typed and what is wrong.
func (d *Dashboard) startRun(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	shown := newPage{Kind: r.PostForm.Get("kind"), URLs: r.PostForm.Get("urls"), Values: r.PostForm}
	body, options := map[string]any{}, map[string]string{}
	for _, group := range groups() {
		for _, name := range group.options {
			if value := strings.TrimSpace(r.PostForm.Get(name)); value != "" {
				body[name], options[name] = value, value
			}
		}
	}
	for _, name := range []string{"name", "callback_url"} {
		body[name] = strings.TrimSpace(r.PostForm.Get(name))
	}
	body["tags"] = words(r.PostForm.Get("tags"), ",")
	path := "/v1/batch"
	if shown.Kind == "sitemap" {
		path = "/v1/sitemap"
		body["sitemap_url"], body["max_pages"] = strings.TrimSpace(r.PostForm.Get("sitemap_url")), strings.TrimSpace(r.PostForm.Get("max_pages"))
		body["include_pattern"], body["exclude_pattern"] = words(r.PostForm.Get("include_pattern"), "\n"), words(r.PostForm.Get("exclude_pattern"), "\n")
		if r.PostForm.Get("act") == "plan" {
			return d.plan(w, r, key, shown, body, options)
		}
	} else {
		body["urls"] = words(shown.URLs, "\n")
	}
	var job darkroom.JobAnswer
	if err := d.call(r.Context(), key, http.MethodPost, path, body, &job); err != nil {
		return d.refused(w, r, key, shown, options, err)
	}
	return d.see(w, r, "/jobs/"+job.ID+"?said=start")
}

func (d *Dashboard) plan(
	w http.ResponseWriter, r *http.Request, key darkroom.APIKey, shown newPage, body map[string]any, options map[string]string,
) error {
	body["plan"] = true
	shown.Plan = new(darkroom.PlanAnswer)
	if err := d.call(r.Context(), key, http.MethodPost, "/v1/sitemap", body, shown.Plan); err != nil {
		shown.Plan = nil
		return d.refused(w, r, key, shown, options, err)
	}
	return d.showNew(w, r, key, http.StatusOK, shown, options)
}

func (d *Dashboard) refused(
	w http.ResponseWriter, r *http.Request, key darkroom.APIKey, shown newPage, options map[string]string, err error,
) error {
	failure, ok := errors.AsType[*darkroom.Error](err)
	if !ok {
		return err
	}
	shown.Fault = failure
	return d.showNew(w, r, key, http.StatusUnprocessableEntity, shown, options)
}

// words are the parts of a text that are not empty.
func words(text, separator string) []string {
	parts := strings.Split(text, separator)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(part string) bool { return part == "" })
}

// formOf is what a form shows of options: those that are set.
func formOf(options darkroom.Options) map[string]string {
	values := map[string]string{}
	text, err := json.Marshal(options.WithoutSecrets())
	if err != nil {
		return values
	}
	var members map[string]any
	if json.Unmarshal(text, &members) != nil {
		return values
	}
	for name, value := range members {
		switch value := value.(type) {
		case []any:
			var parts []string
			for _, part := range value {
				parts = append(parts, fmt.Sprint(part))
			}
			values[name] = strings.Join(parts, ", ")
		default:
			values[name] = fmt.Sprint(value)
		}
	}
	return values
}
