package chrome

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"darkroom"
)

// facts are what scripts learn of the browser.
type facts struct {
	UA        string   `json:"ua"`
	Platform  string   `json:"platform"`
	Languages []string `json:"languages"`
	Zone      string   `json:"zone"`
	Locale    string   `json:"locale"`
	Webdriver bool     `json:"webdriver"`
	Hints     struct {
		Brands          []brand `json:"brands"`
		FullVersionList []brand `json:"fullVersionList"`
		Mobile          bool    `json:"mobile"`
		Platform        string  `json:"platform"`
		PlatformVersion string  `json:"platformVersion"`
		Model           string  `json:"model"`
		Architecture    string  `json:"architecture"`
	} `json:"hints"`
}

type brand struct{ Brand, Version string }

// who gives what each part of a page learned, and the headers that came with
// its report. The same is asked of every part.
func (r *rig) who(options darkroom.Options) (map[string]facts, map[string]http.Header) {
	r.t.Helper()
	before := len(r.site.Visits("/told"))
	options.WaitUntil, options.JS = "networkidle", "while (document.title !== 'told') { if (document.title.includes('Error')) throw new Error(document.title); await new Promise(r => setTimeout(r, 20)) }"
	r.good("/who?frame="+url.QueryEscape(strings.Replace(r.other, "127.0.0.1", "localhost", 1)), options)
	learned, headers := map[string]facts{}, map[string]http.Header{}
	for _, visit := range r.site.Visits("/told")[before:] {
		query, err := url.ParseQuery(visit.Query)
		if err != nil {
			r.t.Fatal(err)
		}
		var found facts
		if err := json.Unmarshal([]byte(query.Get("facts")), &found); err != nil {
			r.t.Fatal(err)
		}
		at := query.Get("at")
		if at == "frame" && strings.HasPrefix(visit.Host, "localhost") {
			at = "foreign frame"
		}
		learned[at], headers[at] = found, visit.Header
	}
	return learned, headers
}

// everywhere is where a page has scripts.
func everywhere() []string {
	return []string{"page", "frame", "foreign frame", "worker", "shared", "service"}
}

func chromiumOn(system, version string) string {
	return "Mozilla/5.0 (" + system + ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" + version + " Safari/537.36"
}

// TestIdentity asks every part of a page who the browser is, and its server
// what was sent: all must say what the options ask for.
func TestIdentity(t *testing.T) {
	t.Parallel()
	for name, strict := range map[string]bool{"shared": false, "strict": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.Strict = strict })
			major := r.engine.browser.Major()
			for _, row := range []struct {
				name     string
				options  darkroom.Options
				ua       string
				brands   []string // without the one that means nothing; nil = no hints
				system   string   // of the hints
				platform string
				language string // the header
				locale   string
			}{
				{"plain", darkroom.Options{}, "", []string{"Chromium", "HeadlessChrome"}, "Linux", "Linux x86_64", "", "en-US"},
				{"stealth", darkroom.Options{Stealth: true}, chromiumOn("X11; Linux x86_64", major+".0.0.0"), []string{"Chromium"}, "Linux", "Linux x86_64", "en-US,en;q=0.9", "en-US"},
				{"locale", darkroom.Options{Locale: "de-AT"}, "", []string{"Chromium", "HeadlessChrome"}, "Linux", "Linux x86_64", "de-AT,de;q=0.9", "de-AT"},
				{"stealth, locale", darkroom.Options{Stealth: true, Locale: "ja"}, chromiumOn("X11; Linux x86_64", major+".0.0.0"), []string{"Chromium"}, "Linux", "Linux x86_64", "ja", "ja"},
				{
					"user_agent",
					darkroom.Options{UserAgent: chromiumOn("Windows NT 10.0; Win64; x64", "120.0.6099.71")},
					chromiumOn("Windows NT 10.0; Win64; x64", "120.0.6099.71"),
					[]string{"Chromium", "Google Chrome"},
					"Windows", "Win32", "", "en-US",
				},
				{"user_agent of no Chrome", darkroom.Options{UserAgent: "Odd/1.0"}, "Odd/1.0", nil, "", "Linux x86_64", "", "en-US"},
				{
					"device",
					darkroom.Options{Device: "Pixel 7"},
					strings.Replace(chromiumOn("Linux; Android 14; Pixel 7", major+".0.0.0"), " Safari", " Mobile Safari", 1),
					[]string{"Chromium", "Google Chrome"},
					"Android", "Linux armv81", "", "en-US",
				},
			} {
				t.Run(row.name, func(t *testing.T) {
					r.t = t
					before := len(r.site.Visits(""))
					learned, headers := r.who(row.options)
					for _, at := range everywhere() {
						found, ok := learned[at]
						if !ok {
							t.Fatalf("%s reported nothing", at)
						}
						if row.ua != "" && found.UA != row.ua {
							t.Errorf("%s: user agent %q, want %q", at, found.UA, row.ua)
						}
						if sent := headers[at].Get("User-Agent"); sent != found.UA {
							t.Errorf("%s: scripts see %q, the server %q", at, found.UA, sent)
						}
						if got := meaningful(found.Hints.Brands); !slices.Equal(got, row.brands) || found.Hints.Platform != row.system || found.Platform != row.platform {
							t.Errorf("%s: brands %q on %q (%q), want %q on %q (%q)", at, got, found.Hints.Platform, found.Platform, row.brands, row.system, row.platform)
						}
						if sent := headers[at].Get("Accept-Language"); sent != row.language || found.Locale != row.locale {
							t.Errorf("%s: languages %q (%s), want %q (%s)", at, sent, found.Locale, row.language, row.locale)
						}
						if row.language != "" && strings.Join(found.Languages, ",") != strings.ReplaceAll(row.language, ";q=0.9", "") {
							t.Errorf("%s: navigator.languages is %q, the header %q", at, found.Languages, row.language)
						}
						if version := fullVersion(found.Hints.FullVersionList); row.brands != nil && row.ua != "" && !strings.HasPrefix(version, major+".") && !strings.Contains(row.ua, version) {
							t.Errorf("%s: the full version is %q", at, version)
						}
						if found.Webdriver {
							t.Errorf("%s: navigator.webdriver is true", at)
						}
					}
					for _, visit := range r.site.Visits("")[before:] {
						// No override reaches the request for a service worker's script.
						if visit.Header.Get("Service-Worker") == "script" {
							continue
						}
						if row.options.Stealth && strings.Contains(visit.Header.Get("User-Agent")+visit.Header.Get("Sec-Ch-Ua"), "Headless") {
							t.Errorf("%s was asked for by %v", visit.Path, visit.Header)
						}
					}
				})
			}
		})
	}
}

func meaningful(brands []brand) (names []string) {
	for _, b := range brands {
		if !strings.HasPrefix(b.Brand, "Not") {
			names = append(names, b.Brand)
		}
	}
	slices.Sort(names)
	return names
}

func fullVersion(brands []brand) string {
	for _, b := range brands {
		if b.Brand == "Chromium" {
			return b.Version
		}
	}
	return ""
}
