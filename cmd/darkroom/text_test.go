package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"darkroom"
	"darkroom/internal/chrome"
)

func TestSchemeOfWhatPeopleType(t *testing.T) {
	for typed, want := range map[string]string{
		"example.com":           "https://example.com",
		"example.com/a?b=c":     "https://example.com/a?b=c",
		"localhost:3000":        "http://localhost:3000",
		"localhost/a":           "http://localhost/a",
		"127.0.0.1:80/x":        "http://127.0.0.1:80/x",
		"http://example.com":    "http://example.com",
		"ftp://example.com":     "ftp://example.com",
		"mailto:someone@a.test": "mailto:someone@a.test",
		"javascript:alert(1)":   "javascript:alert(1)",
	} {
		if got := withScheme(typed); got != want {
			t.Errorf("%s: %s, want %s", typed, got, want)
		}
	}
}

func TestNameOfAShot(t *testing.T) {
	for url, want := range map[string]string{
		"https://example.com":            "example.com.png",
		"https://example.com/a/b.html?q": "example.com_a_b.html.png",
		"http://[::1]:80/../../etc":      "___1__80_.._.._etc.png",
		"https://../x":                   "_x.png",
		"https://é":                      "_.png",
		"https:///":                      "shot.png",
	} {
		if got := shotName(url, darkroom.Options{}); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
	if got := shotName("https://a/"+strings.Repeat("x", 500), darkroom.Options{Format: "jpeg"}); len(got) != 105 {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

func TestURLsOfFilesAndArguments(t *testing.T) {
	p := &program{stdin: strings.NewReader("\ufeffhttps://a.example\n\n# left out\n  b.example  \r\n")}
	urls, err := p.urls("", []string{"c.example", "-"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(urls, " "); got != "https://c.example https://a.example https://b.example" {
		t.Errorf("got %s", got)
	}
	if _, err := p.urls("", nil); asExit(t.Context(), err).Code != exitUsage {
		t.Errorf("no URL: %v", err)
	}
}

func TestOptionFlags(t *testing.T) {
	var options darkroom.Options
	flags := pflag.NewFlagSet("batch", pflag.ContinueOnError)
	optionFlags(flags, &options, map[string]string{"timeout": "capture-timeout"})
	saved := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(saved, []byte(`{"cookies":[{"name":"sid","value":"1","domain":"example.com","path":"/","expires":-1,"httpOnly":true,"secure":true,"sameSite":"Lax"}],"origins":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	err := flags.Parse([]string{
		"--geolocation", "52.5,-13.25", "--basic-auth", `me:a"b:c`, "--storage-state", saved, "--timezone", "Europe/Berlin", "--proxy", "socks5://127.0.0.1",
		"--full-page", "--delay=1.5s", "--capture-timeout", "20000", "--size", "800x600", "--format", "JPEG",
		"--hide-selectors", ".a,:is(.b,.c)", "--clip", "1,2,30,40", "--header", "X-A: b:c", "--cookie", "k=v=w",
		"--fail-on-status", "none", "--dark-mode=false", "--device", "iPhone 14", "--cache", "--cache-ttl", "2h",
	})
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case !options.Cache, options.CacheTTL != 7200, !options.FullPage, options.Delay != 1500, options.Timeout != 20000, options.Width != 800, options.Height != 600,
		options.Format != "jpeg", options.DarkMode, options.Device != "iPhone 14",
		len(options.HideSelectors) != 2 || options.HideSelectors[1] != ":is(.b,.c)",
		options.Clip == nil || *options.Clip != darkroom.Clip{X: 1, Y: 2, Width: 30, Height: 40},
		options.Headers["X-A"] != "b:c", options.Cookies[0] != darkroom.Cookie{Name: "k", Value: "v=w"},
		options.FailOnStatus == nil || len(options.FailOnStatus) != 0,
		options.Geolocation == nil || *options.Geolocation != darkroom.Geolocation{Latitude: 52.5, Longitude: -13.25},
		options.BasicAuth == nil || *options.BasicAuth != darkroom.BasicAuth{Username: "me", Password: `a"b:c`},
		options.StorageState == nil || !options.StorageState.Cookies[0].HTTPOnly,
		options.Timezone != "Europe/Berlin", options.Proxy != "socks5://127.0.0.1":
		t.Errorf("%+v", options)
	}
	for _, wrong := range []string{"--size=wide", "--header=x", "--cookie==v", "--clip=1,2", "--width=a", "--full-page=perhaps", "--geolocation=here", "--basic-auth=me", "--storage-state=absent.json"} {
		if err := flags.Parse([]string{wrong}); err == nil {
			t.Errorf("%s was accepted", wrong)
		}
	}
}

func TestEveryOptionHasAFlag(t *testing.T) {
	flags := pflag.NewFlagSet("shot", pflag.ContinueOnError)
	optionFlags(flags, new(darkroom.Options), nil)
	renamed := map[string]string{"headers": "header", "cookies": "cookie"}
	for _, option := range darkroom.OptionTable() {
		name := strings.ReplaceAll(option.Name, "_", "-")
		if other, ok := renamed[option.Name]; ok {
			name = other
		}
		if flags.Lookup(name) == nil {
			t.Errorf("no flag --%s", name)
		}
	}
}

func TestBarShowsSuccessesAndFailures(t *testing.T) {
	cases := []struct {
		tally         tally
		bar, captions string
	}{
		{tally{}, "░░░░░░░░░░", " 0/0   0 ok · 0 failed"},
		{tally{total: 10}, "░░░░░░░░░░", " 0/10   0 ok · 0 failed"},
		{tally{ok: 4, failed: 1, total: 10, elapsed: 5 * time.Second}, "████▒░░░░░", " 5/10   4 ok · 1 failed   1.0/s   ~5 s left"},
		{tally{ok: 9, failed: 1, total: 10, elapsed: 5 * time.Second}, "█████████▒", " 10/10   9 ok · 1 failed   5.0 s"},
		{tally{failed: 3, total: 3, elapsed: time.Second}, "▒▒▒▒▒▒▒▒▒▒", " 3/3   0 ok · 3 failed   1.0 s"},
		{tally{reading: true}, "░░░░░░░░░░", " reading the sitemap: 0 URLs found"},
		{tally{reading: true, found: 1200}, "░░░░░░░░░░", " reading the sitemap: 1,200 URLs found"},
		{tally{ok: 4, failed: 1, total: 5, reading: true, found: 9, elapsed: time.Second}, "░░░░░░░░░░", " 5/5   4 ok · 1 failed   reading the sitemap: 9 URLs found"},
	}
	for _, c := range cases {
		if got := c.tally.bar(10); got != c.bar {
			t.Errorf("%+v: %s, want %s", c.tally, got, c.bar)
		}
		if got := c.tally.caption(); got != c.captions {
			t.Errorf("%+v: %q, want %q", c.tally, got, c.captions)
		}
	}
}

func TestPlainProgressIsALineEveryTenSeconds(t *testing.T) {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	show := (&program{stderr: &out}).plainLines(func() time.Time { return clock })
	for second := range 25 {
		clock = time.Unix(int64(second), 0)
		show.Update(darkroom.JobAnswer{Progress: darkroom.ProgressAnswer{Total: 100, Completed: second}})
	}
	show.Close()
	want := " 10/100   10 ok · 0 failed   1.0/s   ~90 s left\n 20/100   20 ok · 0 failed   1.0/s   ~80 s left\n 24/100   24 ok · 0 failed   1.0/s   ~76 s left\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestEditDistance(t *testing.T) {
	cases := []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"max-url", "max-urls", 1}}
	for _, c := range cases {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("%s → %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 720 * time.Hour, "24h": 24 * time.Hour, "1h30m": 90 * time.Minute, "0s": 0} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "24", "-1h", "1.5d", "d", "99999d"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%s was read as %v", text, got)
		}
	}
}

func TestABrowserThatDoesNotStartComesWithItsCure(t *testing.T) {
	closed := fmt.Errorf("prepare the browser: %w", &chrome.Fault{User: "nobody", Folder: "/root/tmp", Path: "/root/tmp/run"})
	if got := browserHint(closed, "darkroom doctor"); !strings.Contains(got, "chmod o+x /root/tmp") {
		t.Errorf("the hint is %q", got)
	}
	if got := browserHint(errors.New("it broke"), "darkroom doctor"); got != "darkroom doctor" {
		t.Errorf("the hint is %q", got)
	}
}
