package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"darkroom"
)

// TestTheDashboard drives the pages as people do, in a real browser: by mouse,
// by keyboard alone and without JavaScript.
func TestTheDashboard(t *testing.T) {
	s := start(t, t.TempDir())
	pattern := "a run is started|where one logs in"
	if length(0, 1, 1) == 1 {
		pattern = "."
	}
	drive(t, "dashboard.test.mjs", pattern, "DASHBOARD="+s.url, "KEY="+apiKey, "SITE="+site(t))
}

// TestTheDocumentationInABrowser reads the documentation as people do; in the
// short form some of its pages.
func TestTheDocumentationInABrowser(t *testing.T) {
	pages := "/docs /docs/errors /docs/search?q=webhook"
	if length(0, 1, 1) == 1 {
		pages = ""
	}
	drive(t, "docs.test.mjs", ".", "DASHBOARD="+start(t, t.TempDir()).url, "PAGES="+pages)
}

// TestTheGallery opens the page of an archive as one does after unpacking it.
func TestTheGallery(t *testing.T) {
	drive(t, "gallery.test.mjs", ".", "GALLERY="+galleryOfOddPages(t))
}

// galleryOfOddPages is the unpacked archive of two good pages, one that is not
// there and one whose title is hostile.
func galleryOfOddPages(t *testing.T) string {
	t.Helper()
	s := start(t, t.TempDir())
	good := site(t)
	nasty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><title>&lt;/script>&lt;img src=x onerror=alert(1)></title><p>A page`)
	}))
	t.Cleanup(nasty.Close)
	job := s.submit(map[string]any{"urls": []string{good + "/page/1", nasty.URL + "/", good + "/there/is/nothing", good + "/page/2"}, "attempts": 1})
	if done := s.await(job.ID, time.Minute); done.Status != darkroom.StatusPartial {
		t.Fatalf("ended %s: %+v", done.Status, done.Progress)
	}
	_, content := s.call("GET", darkroom.DownloadPath(job.ID), nil)
	return unpack(t, content)
}

// publicDir is a folder that the browser's user can reach.
func publicDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	must(t, os.Chmod(dir, 0o777))
	return dir
}

// drive runs a file of browser tests. The browser keeps its sandbox, so it does
// not run as root. It gives what the tests print.
func drive(t *testing.T, file, pattern string, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	home := publicDir(t)
	cmd := exec.CommandContext(ctx, "node", "--test", "--test-reporter=tap", "--test-name-pattern="+pattern, file)
	cmd.Dir = "browser"
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "CHROMIUM=" + headlessShell}, env...)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return string(out)
}

// headlessShell is the browser that Debian's chromium-headless-shell brings.
const headlessShell = "/usr/lib/chromium/chromium-headless-shell"
