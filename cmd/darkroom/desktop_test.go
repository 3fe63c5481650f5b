package main

import (
	"cmp"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var loginAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+/login\?[^\s]+`)

// logIn opens a link that logs in once, as a browser does, and gives the page
// that it leads to; "" when it does not log in.
func logIn(t *testing.T, link string) (page string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	answer, err := browser.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return ""
	}
	next := cmp.Or(answer.Request.URL.Query().Get("next"), "/")
	if answer, err = browser.Get("http://" + answer.Request.URL.Host + next); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("%s answers %d", next, answer.StatusCode)
	}
	return answer.Request.URL.Path
}

// desktop is a folder with an xdg-open that writes down what it is to open.
func desktop(t *testing.T) (folder, opened string) {
	t.Helper()
	folder = t.TempDir()
	opened = filepath.Join(folder, "opened")
	script := "#!/bin/sh\nprintf %s \"$1\" > '" + opened + ".part' && mv '" + opened + ".part' '" + opened + "'\n"
	if err := os.WriteFile(filepath.Join(folder, "xdg-open"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return folder, opened
}

// TestDemoEndsWithTheDashboardOpen runs the demo on a terminal of a desktop: its
// browser is sent to the finished run, where the link logs in, and Ctrl-C is
// the end.
func TestDemoEndsWithTheDashboardOpen(t *testing.T) {
	folder, opened := desktop(t)
	watching, home := openScreen(t), t.TempDir()
	demo := launchWith(t, home, []string{"DISPLAY=:7", "PATH=" + folder + ":" + os.Getenv("PATH")},
		watching.terminal, watching.terminal, "demo", "-o", filepath.Join(home, "demo.zip"))
	watching.await(t, "24/24   22 ok · 2 failed")
	watching.await(t, "it opens in your browser")
	watching.await(t, "Ctrl-C ends the demo.")
	link := loginAddress.FindString(watching.String())
	if sent := awaitContent(t, opened); sent != link || link == "" {
		t.Errorf("the browser is sent to %q, the terminal shows %q", sent, link)
	}
	if page := logIn(t, link); !strings.HasPrefix(page, "/jobs/") {
		t.Errorf("the link leads to %q", page)
	}
	demo.stop()
	demo.ends(t, exitOK)
}

func TestWhereABrowserIsOpened(t *testing.T) {
	folder, _ := desktop(t)
	for name, test := range map[string]struct {
		env  environment
		want bool
	}{
		"X":           {environment{"DISPLAY": ":0", "PATH": "/nowhere:" + folder}, true},
		"Wayland":     {environment{"WAYLAND_DISPLAY": "wayland-0", "PATH": folder}, true},
		"no desktop":  {environment{"PATH": folder}, false},
		"no xdg-open": {environment{"DISPLAY": ":0", "PATH": t.TempDir()}, false},
		"no path":     {environment{"DISPLAY": ":0"}, false},
	} {
		if got := (&program{env: test.env}).opener() != ""; got != test.want {
			t.Errorf("%s: a browser is opened: %v", name, got)
		}
	}
}

// awaitContent waits until a file is there.
func awaitContent(t *testing.T, path string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if content, err := os.ReadFile(path); err == nil {
			return string(content)
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for %s", path)
		}
	}
}
