package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"darkroom"
	"darkroom/internal/api"
	"darkroom/internal/dashboard"
	"darkroom/internal/manual"
	"darkroom/internal/store"
)

// pages puts the dashboard and the documentation beside the API, all under the
// path prefix.
func (s *server) pages(routes http.Handler, openAPI []byte) (http.Handler, error) {
	prefix := s.config.Front.PathPrefix
	board, err := dashboard.New(dashboard.Config{
		Store: s.store, WithKey: api.WithKey, Prefix: s.config.outside(), Version: Version, Log: s.log,
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = prefix+r.URL.Path, ""
			routes.ServeHTTP(w, r)
		}),
	})
	if err != nil {
		return nil, err
	}
	book := manual.New(manual.Config{
		OpenAPI: openAPI, Prefix: s.config.outside(), PublicURL: s.config.Front.PublicURL, Version: Version, Log: s.log,
		StyleSheet: board.Asset("app.css"), Icon: board.Asset("icon.svg"),
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, under := strings.CutPrefix(r.URL.Path, prefix)
		switch {
		case under && path == "" && prefix != "":
			http.Redirect(w, r, prefix+"/", http.StatusPermanentRedirect)
		case under && dashboard.Owns(path):
			http.StripPrefix(prefix, board).ServeHTTP(w, r)
		case under && manual.Owns(path):
			http.StripPrefix(prefix, book).ServeHTTP(w, r)
		default:
			routes.ServeHTTP(w, r)
		}
	}), nil
}

// outside is the path under which browsers see the dashboard: a proxy in front
// may pass it on or take it away.
func (c config) outside() string {
	if c.Front.PathPrefix != "" {
		return c.Front.PathPrefix
	}
	public, err := url.Parse(c.Front.PublicURL)
	if err != nil {
		return ""
	}
	return public.Path
}

// dashboardURL is where browsers find the dashboard.
func (c config) dashboardURL(local string) string {
	if c.Front.PublicURL != "" {
		return c.Front.PublicURL
	}
	return local + c.Front.PathPrefix
}

// loginLink makes a link to a page of the dashboard at base that logs in once,
// with the key of that name, or else the oldest that may do the most.
func loginLink(ctx context.Context, rows *store.Store, base, name, next string) (string, error) {
	key, err := keyForLogin(ctx, rows, name)
	if err != nil {
		return "", err
	}
	once, err := rows.NewLogin(ctx, key.ID)
	if err != nil {
		return "", err
	}
	query := url.Values{"once": {once}}
	if next != "" {
		query.Set("next", next)
	}
	return base + "/login?" + query.Encode(), nil
}

func keyForLogin(ctx context.Context, rows *store.Store, name string) (darkroom.APIKey, error) {
	if name != "" {
		return rows.WorkingKey(ctx, name)
	}
	keys, err := rows.Keys(ctx)
	if err != nil {
		return darkroom.APIKey{}, err
	}
	var best darkroom.APIKey
	for _, key := range keys {
		if key.RevokedAt.IsZero() && (best.ID == "" || len(key.Scopes) > len(best.Scopes)) {
			best = key
		}
	}
	if best.ID == "" {
		return best, &darkroom.Error{Code: darkroom.CodeNotFound, Message: "There is no key that works", Hint: "darkroom keys create NAME makes one"}
	}
	return best, nil
}
