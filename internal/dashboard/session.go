package dashboard

import (
	"net/http"
	"net/url"
	"strings"

	"darkroom"
)

const (
	sessionCookie = "darkroom_session"
	themeCookie   = "darkroom_theme"
)

// session gives the key whose session the browser has.
func (d *Dashboard) session(r *http.Request) (darkroom.APIKey, error) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return darkroom.APIKey{}, darkroom.Errorf(darkroom.CodeUnauthorized, "Nobody is logged in")
	}
	return d.Store.SessionKey(r.Context(), cookie.Value)
}

func (d *Dashboard) setCookie(w http.ResponseWriter, r *http.Request, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // without https a Secure cookie would never come back
		Name: name, Value: value, Path: d.Prefix + "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
}

// toLogin asks who it is, and remembers where to go then. A part of a page is
// refused instead, because nobody would see the form.
func (d *Dashboard) toLogin(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "events") || strings.Contains(r.URL.Path, "/captures/") {
		http.Error(w, "log in first", http.StatusUnauthorized)
		return
	}
	target := "/login"
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		target += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(w, r, d.Prefix+target, http.StatusSeeOther)
}

// loginPage shows the form, or opens the session of a link.
func (d *Dashboard) loginPage(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	next := localPath(query.Get("next"))
	once := query.Get("once")
	if once == "" {
		d.showOr(w, r, "login", view{Title: "Log in", Data: next})
		return
	}
	session, err := d.Store.UseLogin(r.Context(), once)
	if err != nil {
		d.fail(w, r, darkroom.APIKey{}, err)
		return
	}
	d.welcome(w, r, session, next)
}

// login opens the session of a key. That the API answers the key keeps the
// counting of wrong ones in one place.
func (d *Dashboard) login(w http.ResponseWriter, r *http.Request) {
	secret := strings.TrimSpace(r.PostFormValue("key"))
	probe, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "/v1/usage", nil)
	if err == nil {
		probe.Header.Set("Authorization", "Bearer "+secret)
		probe.RemoteAddr = r.RemoteAddr
		answer := &answer{header: http.Header{}, status: http.StatusOK}
		if d.API.ServeHTTP(answer, probe); answer.status != http.StatusOK {
			err = answer.failure()
		}
	}
	var session string
	if err == nil {
		var key darkroom.APIKey
		if key, err = d.Store.KeyBySecret(r.Context(), secret); err == nil {
			session, err = d.Store.NewSession(r.Context(), key.ID)
		}
	}
	if err != nil {
		d.fail(w, r, darkroom.APIKey{}, err)
		return
	}
	d.welcome(w, r, session, localPath(r.PostFormValue("next")))
}

// welcome sends the browser on by a page and not by a redirect: a strict cookie
// does not go with a redirect that another site's link began.
func (d *Dashboard) welcome(w http.ResponseWriter, r *http.Request, session, next string) {
	d.setCookie(w, r, sessionCookie, session, int(darkroom.SessionLife.Seconds()))
	d.showOr(w, r, "welcome", view{Title: "Welcome", Data: next})
}

func (d *Dashboard) showOr(w http.ResponseWriter, r *http.Request, name string, v view) {
	if err := d.show(w, r, darkroom.APIKey{}, http.StatusOK, name, v); err != nil {
		d.fail(w, r, darkroom.APIKey{}, err)
	}
}

// localPath is a path of ours, "/" for anything that might lead elsewhere.
func localPath(text string) string {
	target, err := url.Parse(text)
	if err != nil || target.Scheme != "" || target.Host != "" || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.Contains(text, `\`) {
		return "/"
	}
	return text
}

func (d *Dashboard) logout(w http.ResponseWriter, r *http.Request, _ darkroom.APIKey) error {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		if err := d.Store.EndSession(r.Context(), cookie.Value); err != nil {
			return err
		}
	}
	d.setCookie(w, r, sessionCookie, "", -1)
	return d.see(w, r, "/login")
}

func (d *Dashboard) theme(w http.ResponseWriter, r *http.Request, _ darkroom.APIKey) error {
	next := map[string]string{"": "dark", "dark": "light", "light": ""}[themeOf(r)]
	d.setCookie(w, r, themeCookie, next, 365*24*3600)
	return d.see(w, r, localPath(r.PostFormValue("back")))
}

func themeOf(r *http.Request) string {
	if cookie, err := r.Cookie(themeCookie); err == nil && (cookie.Value == "dark" || cookie.Value == "light") {
		return cookie.Value
	}
	return ""
}
