package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
)

// planted are secrets of a job, each with a word that is nowhere else.
func planted(target, proxy string) (options map[string]any, words []string) {
	word := func(name string) string {
		words = append(words, "planted-"+name+"-4711")
		return words[len(words)-1]
	}
	return map[string]any{
		"headers":    map[string]string{"X-Token": word("header")},
		"cookies":    []any{map[string]string{"name": "sid", "value": word("cookie")}},
		"basic_auth": map[string]string{"username": "me", "password": word("password")},
		"proxy":      strings.Replace(proxy, "http://", "http://user:"+word("proxy")+"@", 1),
		"storage_state": map[string]any{
			"cookies": []any{map[string]any{"name": "state", "value": word("state-cookie"), "domain": "127.0.0.1", "path": "/"}},
			"origins": []any{map[string]any{"origin": target, "localStorage": []any{map[string]string{"name": "jwt", "value": word("local-storage")}}}},
		},
	}, words
}

// TestPlantedSecretsAreNowhere gives a job every kind of secret, has pages that
// succeed, fail, echo what they were sent and are tried again, and looks for the
// secrets wherever anything is written or can be read.
func TestPlantedSecretsAreNowhere(t *testing.T) {
	arrived := &arrivals{got: map[string]bool{}}
	target, proxy, hooks := echoSite(t, arrived), forwardProxy(t, arrived), receive(t)
	data := t.TempDir()
	s := start(t, data)
	options, words := planted(target, proxy)
	words = append(words, apiKey, webhookSecret, strings.TrimPrefix(webhookSecret, "whsec_"))
	const marker = "planted-in-the-address"
	body := map[string]any{
		"urls":         []string{target + "/" + marker, target + "/echo", target + "/redirect", target + "/gone", target + "/unavailable", target + "/hang"},
		"callback_url": hooks.url, "attempts": 2, "timeout": 3000, "evidence": true, "fail_on_status": []string{"404", "502"},
	}
	for name, value := range options {
		body[name] = value
	}
	seen := &haystack{t: t, words: words, marker: marker}
	job := s.submit(body)
	seen.processes(s) // while the secrets are in use
	seen.tempFiles(s)
	done := s.await(job.ID, 2*time.Minute)
	if done.Progress.Completed == 0 || done.Progress.Failed == 0 {
		t.Fatalf("ended %+v: nothing was shown", done.Progress)
	}
	for _, wrong := range []map[string]any{{"headers": "x"}, {"cookies": []any{map[string]string{"name": "a b", "value": words[1]}}}, {"proxy": "ftp://user:" + words[0] + "@h"}, {"headers": map[string]string{"Host": words[0]}}, {"basic_auth": map[string]any{"username": 5, "password": words[0]}}} {
		wrong["urls"] = []string{target}
		_, content := s.call("POST", "/v1/batch", wrong)
		seen.look("the answer to a wrong request", content)
	}
	for _, path := range []string{darkroom.JobPath(job.ID), "/v1/jobs", darkroom.ResultsPath(job.ID), "/readyz?verbose", "/metrics", "/v1/keys"} {
		answer, content := s.call("GET", path, nil)
		seen.look(path, content, []byte(fmt.Sprint(answer.Header)))
	}
	seen.dashboard(s, job.ID)
	stranger := s.with("sk_live_" + strings.Repeat("0", 48))
	_, content := stranger.call("GET", "/v1/jobs", nil)
	seen.look("the answer to a stranger", content)
	_, content = s.call("GET", darkroom.DownloadPath(job.ID), nil)
	seen.archive(content)
	seen.webhooks(hooks)
	seen.processes(s)
	seen.tempFiles(s)
	seen.look("the log", []byte(s.log.String()))
	seen.files("the data folder", data)
	if code := s.stop(); code != 0 {
		t.Errorf("SIGTERM ends with exit code %d", code)
	}
	seen.files("the data folder of a stopped server", data)
	seen.look("the whole log", []byte(s.log.String()))
	for _, name := range []string{"header", "cookie", "password", "proxy", "state-cookie", "local-storage"} {
		if !arrived.has("planted-" + name + "-4711") {
			t.Errorf("the %s never arrived where it belongs: nothing was shown of it", name)
		}
	}
	for _, place := range []string{"the data folder", darkroom.ResultsPath(job.ID), "the archive", "the dashboard"} {
		if seen.found[place] == 0 {
			t.Errorf("the address, which may be seen, was not found in %s: the search finds nothing", place)
		}
	}
	fmt.Printf("secrets: %d words in %d places with %d KB: found %d times (the address, which may be: %d places)\n",
		len(words), seen.places, seen.bytes>>10, seen.hits, len(seen.found))
}

// haystack looks for words, and counts where the marker was found.
type haystack struct {
	t      *testing.T
	words  []string
	marker string
	found  map[string]int // places with the marker
	places int
	bytes  int
	hits   int
}

func (h *haystack) look(place string, contents ...[]byte) {
	h.t.Helper()
	if h.found == nil {
		h.found = map[string]int{}
	}
	h.places++
	for _, content := range contents {
		h.bytes += len(content)
		if bytes.Contains(content, []byte(h.marker)) {
			h.found[place]++
		}
		for _, word := range h.words {
			if at := bytes.Index(content, []byte(word)); at >= 0 {
				h.hits++
				h.t.Errorf("%s is in %s: …%q…", word, place, content[max(0, at-40):min(len(content), at+len(word)+10)])
			}
		}
	}
}

// files looks at every byte of a folder, the database's own files among them.
// The key that opens what is sealed lies there by design; the secrets do not.
func (h *haystack) files(place, dir string) {
	h.t.Helper()
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if content, err := os.ReadFile(path); err == nil { // a file may just have gone
				h.look(place, content)
			}
		}
		return nil
	})
}

func (h *haystack) tempFiles(s *server) { h.files("the temporary files and profiles", tempDir(s.data)) }

// dashboard looks at every page that somebody who has logged in can open.
func (h *haystack) dashboard(s *server, jobID string) {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	must(h.t, err)
	browser := &http.Client{Jar: jar}
	answer, err := browser.PostForm(s.url+"/login", url.Values{"key": {apiKey}})
	must(h.t, err)
	answer.Body.Close()
	run := "/jobs/" + jobID
	for _, path := range []string{"/", "/new", "/new?from=" + jobID, "/deliveries", "/keys", "/system", run, run + "?view=table", run + "?view=log", run + "?view=settings", run + "?view=deliveries", run + "/1", run + "/2", run + "/delete"} {
		answer, err := browser.Get(s.url + path)
		must(h.t, err)
		content, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		must(h.t, err)
		if answer.StatusCode != http.StatusOK || answer.Request.URL.Path == "/login" {
			h.t.Errorf("the page %s answers %d at %s", path, answer.StatusCode, answer.Request.URL.Path)
		}
		h.look("the dashboard", content, []byte(fmt.Sprint(answer.Header)))
	}
}

// processes looks at the arguments of the server, and at arguments and
// environment of everything below it. The server's own environment is the
// operator's: DARKROOM_API_KEY is there because he put it there.
func (h *haystack) processes(s *server) {
	h.t.Helper()
	w := s.watch()
	w.look()
	if len(w.groups) == 0 {
		h.t.Error("no browser runs: nothing is shown of their environments")
	}
	entries, err := os.ReadDir("/proc")
	must(h.t, err)
	for _, entry := range entries {
		var pid int
		if _, err := fmt.Sscan(entry.Name(), &pid); err != nil {
			continue
		}
		_, parent, group := processStat(pid)
		if pid != s.cmd.Process.Pid && parent != s.cmd.Process.Pid && !w.groups[group] {
			continue
		}
		arguments, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		h.look("the arguments of a process", arguments)
		if pid != s.cmd.Process.Pid {
			environment, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
			h.look("the environment of a browser", environment)
			if bytes.Contains(environment, []byte("DARKROOM_")) {
				h.t.Errorf("process %d inherits settings: %q", pid, environment)
			}
		}
	}
}

func (h *haystack) archive(content []byte) {
	h.t.Helper()
	reader, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	must(h.t, err)
	h.look("the archive's own bytes", content)
	for _, file := range reader.File {
		body, err := file.Open()
		must(h.t, err)
		unpacked, err := io.ReadAll(body)
		must(h.t, err)
		h.look("the archive", []byte(file.Name), []byte(file.Comment), unpacked)
	}
}

func (h *haystack) webhooks(hooks *receiver) {
	h.t.Helper()
	select {
	case <-hooks.hit:
	case <-time.After(time.Minute):
		h.t.Fatal("no webhook came")
	}
	for _, hook := range hooks.all() {
		h.look("a webhook", hook.body, []byte(fmt.Sprint(hook.header)))
	}
}

// arrivals is what the target and the proxy were sent, as text.
type arrivals struct {
	mu  sync.Mutex
	got map[string]bool
}

func (a *arrivals) note(header http.Header, uri string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got[uri] = true
	for _, values := range header {
		for _, value := range values {
			a.got[value] = true
			if _, token, found := strings.Cut(value, "Basic "); found {
				plain, _ := base64.StdEncoding.DecodeString(token)
				a.got[string(plain)] = true
			}
		}
	}
}

func (a *arrivals) has(word string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for text := range a.got {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// echoSite writes what it was sent wherever a page can write it.
func echoSite(t *testing.T, arrived *arrivals) string {
	t.Helper()
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, text string) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>Page</title><body style=\"background:#0f0\">", text)
	}
	sent := func(r *http.Request) string {
		return strings.Join([]string{r.Header.Get("X-Token"), r.Header.Get("Cookie"), r.Header.Get("Authorization")}, " ")
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { page(w, "good") })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		page(w, fmt.Sprintf("<script>const s = %q + ' ' + localStorage.jwt; document.title = s; console.error(s); console.log(s); fetch('/missing?' + encodeURIComponent(s)); history.replaceState(null, '', '?' + encodeURIComponent(s)); setTimeout(() => { throw new Error(s) })</script>", sent(r)))
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/missing?token="+r.Header.Get("X-Token"), http.StatusFound)
	})
	mux.HandleFunc("/missing", http.NotFound)
	mux.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		page(w, "<script>console.error("+fmt.Sprintf("%q", sent(r))+")</script>")
	})
	mux.HandleFunc("/unavailable", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway); page(w, "later") })
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) {
		page(w, fmt.Sprintf("<script>document.title = %q; console.error(document.title)</script><img src=\"/never?x=%s\">", sent(r), r.Header.Get("X-Token")))
	})
	mux.HandleFunc("/never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.note(r.Header, r.RequestURI)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

// forwardProxy is a proxy that asks for a password and passes plain requests on.
func forwardProxy(t *testing.T, arrived *arrivals) string {
	t.Helper()
	pass := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") == "" {
			w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		arrived.note(r.Header, "")
		onward := r.Clone(r.Context())
		onward.RequestURI = ""
		onward.Header.Del("Proxy-Authorization")
		answer, err := http.DefaultTransport.RoundTrip(onward)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		for name, values := range answer.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.StatusCode)
		_ = http.NewResponseController(w).Flush()
		_, _ = io.Copy(w, answer.Body)
	}
	server := httptest.NewServer(http.HandlerFunc(pass))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}
