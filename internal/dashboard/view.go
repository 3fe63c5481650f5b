package dashboard

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"darkroom"
)

// view is what every page is made of.
type view struct {
	Title string
	Tab   string // of the navigation
	Live  string // path of the events after which the page is renewed; "" = it stays as it is
	Error *darkroom.Error
	Said  string // what an act has done
	Data  any

	Key     darkroom.APIKey
	Theme   string // "dark", "light", or "" for that of the system
	Path    string
	Version string
}

// Admin reports whether the session looks after keys.
func (v view) Admin() bool { return v.Key.Allows(darkroom.ScopeAdmin) }

// Creates reports whether the session may start runs.
func (v view) Creates() bool { return v.Key.Allows(darkroom.ScopeCreate) }

func (d *Dashboard) readPages() (map[string]*template.Template, error) {
	layout, err := template.New("layout.html").Funcs(d.functions()).ParseFS(pages, "pages/layout.html", "pages/parts.html")
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	all := map[string]*template.Template{}
	for _, name := range []string{
		"runs", "new", "run", "shot", "delete", "deliveries", "keys", "system", "login", "welcome", "error",
	} {
		one, err := layout.Clone()
		if err == nil {
			one, err = one.ParseFS(pages, "pages/"+name+".html")
		}
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		all[name] = one
	}
	return all, nil
}

// show writes a whole page, or nothing.
func (d *Dashboard) show(w http.ResponseWriter, r *http.Request, key darkroom.APIKey, status int, name string, v view) error {
	v.Key, v.Theme, v.Path, v.Version = key, themeOf(r), r.URL.RequestURI(), d.Version
	if said := r.URL.Query().Get("said"); v.Said == "" {
		v.Said = saidOf(said)
	}
	var content bytes.Buffer
	if err := d.pages[name].Execute(&content, v); err != nil {
		return fmt.Errorf("write page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(content.Bytes()) // a reader that has gone is no error of ours
	return nil
}

// saidOf keeps to what acts of ours say: others could put words into a link.
func saidOf(act string) string {
	return map[string]string{
		"cancel": "Stopped. What was captured stays.", "keep": "The results are kept longer.",
		"retry": "What failed is captured again in this new run; what was good is here already.",
		"start": "Started.", "delete": "Deleted.", "redeliver": "It is sent again.", "revoke": "The key works no more.",
	}[act]
}

func (d *Dashboard) functions() template.FuncMap {
	return template.FuncMap{
		"path":  func(path string) string { return d.Prefix + path },
		"asset": d.Asset,
		"api":   d.ownPath,
		"bytes": func(n int64) string { return humanize.IBytes(uint64(max(0, n))) },
		"time":  func(t any) string { return timeText(t, d.Now()) },
		"until": func(t *time.Time) string { return untilText(t, d.Now()) },
		"took":  tookText,
		"icon":  icon,
		"short": func(id string) string { return id[max(0, len(id)-8):] },
		"name":  nameOf,
		"host":  hostOf,
		"done":  func(p darkroom.ProgressAnswer) int { return p.Completed + p.Failed },
		"ended": func(s darkroom.JobStatus) bool { return s.Terminal() },
		"views": runViews,
	}
}

// ownPath is where the dashboard has what the API has at a path.
func (d *Dashboard) ownPath(path *string) string {
	if path == nil {
		return ""
	}
	return d.Prefix + strings.TrimPrefix(*path, "/v1")
}

func timeText(at any, now time.Time) string {
	var t time.Time
	switch at := at.(type) {
	case time.Time:
		t = at
	case *time.Time:
		if at != nil {
			t = *at
		}
	}
	if t.IsZero() {
		return "–"
	}
	if now.Sub(t) < 24*time.Hour {
		return t.UTC().Format("15:04:05 UTC")
	}
	return t.UTC().Format("2 Jan 2006 15:04 UTC")
}

// untilText never tells of the past: what has expired says so.
func untilText(t *time.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	left := t.Sub(now)
	switch {
	case left <= 0:
		return "expired"
	case left < time.Hour:
		return fmt.Sprintf("expires in %d min", int(left.Minutes())+1)
	case left < 48*time.Hour:
		return fmt.Sprintf("expires in %d h", int(left.Hours()))
	}
	return fmt.Sprintf("expires in %d days", int(left.Hours()/24))
}

func tookText(job darkroom.JobAnswer) string {
	if job.StartedAt == nil || job.CompletedAt == nil {
		return ""
	}
	return max(0, job.CompletedAt.Sub(*job.StartedAt)).String()
}

// icon is shown beside the word: colour alone tells nothing.
func icon(state string) string {
	return map[string]string{
		"pending": "○", "queued": "○", "processing": "◷", "running": "◷", "completed": "✓", "delivered": "✓", "partial": "◐", "failed": "✕",
	}[state]
}

func nameOf(job darkroom.JobAnswer) string {
	switch {
	case job.Name != "":
		return job.Name
	case job.SitemapURL != "":
		return hostOf(job.SitemapURL) + " sitemap"
	}
	return fmt.Sprintf("batch of %d", job.Progress.Total)
}

func hostOf(text string) string {
	if target, err := url.Parse(text); err == nil {
		return target.Host
	}
	return ""
}
