package dashboard

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

//go:embed pages
var pages embed.FS

// Config is what the dashboard works with. Store, API and WithKey are required.
type Config struct {
	Store *store.Store
	API   http.Handler

	// WithKey makes requests to API those of a key.
	WithKey func(context.Context, darkroom.APIKey) context.Context

	Prefix  string // path under which it is mounted, such as "/shots"; "" = at the root
	Version string
	Now     func() time.Time // nil = time.Now
	Log     *slog.Logger     // nil = slog.Default()
}

// Dashboard is an http.Handler. Requests come to it without the prefix.
type Dashboard struct {
	Config
	mux    *http.ServeMux
	pages  map[string]*template.Template
	assets map[string]asset
	origin *http.CrossOriginProtection
}

// maxFormBytes is the largest form that is read: a long list of URLs.
const maxFormBytes = 5 << 20

// New reads the pages, which are part of the program.
func New(config Config) (*Dashboard, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	d := &Dashboard{Config: config, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection()}
	var err error
	if d.assets, err = readAssets(); err != nil {
		return nil, err
	}
	if d.pages, err = d.readPages(); err != nil {
		return nil, err
	}
	d.routes()
	return d, nil
}

// page answers a request of a session; what it returns is shown as a page.
type page func(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error

func (d *Dashboard) routes() {
	for pattern, serve := range map[string]page{
		"GET /{$}":                               d.runs,
		"GET /events":                            d.passTo(func(*http.Request) string { return "/v1/events" }),
		"GET /new":                               d.newRun,
		"POST /new":                              d.startRun,
		"GET /jobs/{id}":                         d.run,
		"GET /jobs/{id}/{index}":                 d.shot,
		"GET /jobs/{id}/events":                  d.passTo(sameUnderV1),
		"GET /jobs/{id}/download":                d.passTo(sameUnderV1),
		"GET /jobs/{id}/captures/{index}/{view}": d.passTo(sameUnderV1),
		"GET /jobs/{id}/delete":                  d.askDelete,
		"POST /jobs/{id}/delete":                 d.deleteRun,
		"POST /jobs/{id}/cancel":                 d.act("cancel"),
		"POST /jobs/{id}/keep":                   d.act("keep"),
		"POST /jobs/{id}/retry":                  d.act("retry"),
		"GET /deliveries":                        d.deliveries,
		"POST /deliveries/{id}/redeliver":        d.redeliver,
		"GET /keys":                              d.keys,
		"POST /keys":                             d.createKey,
		"POST /keys/{id}/rotate":                 d.rotateKey,
		"POST /keys/{id}/revoke":                 d.revokeKey,
		"GET /system":                            d.system,
		"POST /logout":                           d.logout,
		"POST /theme":                            d.theme,
	} {
		d.mux.HandleFunc(pattern, d.withSession(serve))
	}
	d.mux.HandleFunc("GET /login", d.loginPage)
	d.mux.HandleFunc("POST /login", d.login)
	d.mux.HandleFunc("GET /assets/{name}", d.serveAsset)
}

// Owns reports whether a path is one of the dashboard's. All others are the
// API's, which answers what nobody knows.
func Owns(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "", "events", "new", "jobs", "deliveries", "keys", "system", "login", "logout", "theme", "assets":
		return !strings.HasPrefix(path, "//")
	}
	return false
}

// ServeHTTP keeps strangers' scripts, frames and forms away from every page.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cache-Control", "private, no-store")
	if err := d.origin.Check(r); err != nil {
		d.fail(w, r, darkroom.APIKey{}, &darkroom.Error{
			Code: darkroom.CodeForbidden, Message: "This form was sent from another site", Hint: "Open the dashboard itself and do it there",
		})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	d.mux.ServeHTTP(w, r)
}

func (d *Dashboard) withSession(serve page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key, err := d.session(r)
		if darkroom.CodeOf(err) == darkroom.CodeUnauthorized {
			d.toLogin(w, r)
			return
		}
		if err == nil && r.Method == http.MethodPost {
			err = r.ParseForm()
		}
		if err == nil {
			err = serve(w, r, key)
		}
		if err != nil {
			d.fail(w, r, key, err)
		}
	}
}

// fail shows an error as a page.
func (d *Dashboard) fail(w http.ResponseWriter, r *http.Request, key darkroom.APIKey, err error) {
	failure, ok := errors.AsType[*darkroom.Error](err)
	if tooLarge, large := errors.AsType[*http.MaxBytesError](err); large {
		failure, ok = darkroom.Errorf(darkroom.CodePayloadTooLarge, "The form is larger than %d bytes", tooLarge.Limit), true
	}
	if !ok {
		d.Log.Error("a page failed", "method", r.Method, "path", r.URL.Path, "err", err)
		failure = &darkroom.Error{Code: darkroom.CodeInternal, Message: "Something went wrong inside the server", Hint: "Its log has more"}
	}
	status := http.StatusBadRequest
	switch failure.Code {
	case darkroom.CodeNotFound:
		status = http.StatusNotFound
	case darkroom.CodeForbidden:
		status = http.StatusForbidden
	case darkroom.CodeInternal:
		status = http.StatusInternalServerError
	case darkroom.CodeQueueUnavailable:
		status = http.StatusServiceUnavailable
	}
	if err := d.show(w, r, key, status, "error", view{Title: "That did not work", Error: failure}); err != nil {
		d.Log.Error("a page could not be shown", "path", r.URL.Path, "err", err)
	}
}

// see sends the browser to a page after a form.
func (d *Dashboard) see(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, d.Prefix+path, http.StatusSeeOther) //nolint:gosec // paths of ours, and what localPath lets through
	return nil
}

func sameUnderV1(r *http.Request) string { return "/v1" + r.URL.Path }

func badForm(format string, args ...any) error {
	return &darkroom.Error{Code: darkroom.CodeValidation, Message: fmt.Sprintf(format, args...)}
}
