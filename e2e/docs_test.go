package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// notRun are the examples that no test can run as they stand, each with the
// reason. A block is named by its page and a text that it has.
var notRun = []struct{ page, has, reason string }{
	{"README.md", "make demo", "it builds the program that is under test; CI runs it by itself"},
	{"CONTRIBUTING.md", "make test", "it is the run that this test is part of"},
	{"clients/node/README.md", "new Darkroom('sk_live_…');", "these are ways to write one call, with addresses that do not exist; the client's own tests make each"},
	{"docs/benchmarks.md", "make bench", "it measures for minutes what is to be measured alone"},
	{"docs/blocking.md", "--block-lists", "the lists are the operator's; internal/filter reads lists of this form"},
	{"docs/deploy.md", "apt-get install", "it changes the machine"},
	{"docs/deploy.md", "docker compose", "it needs a container engine; `make check-deploy` reads the file"},
	{"docs/deploy.md", "darkroom restore", "TestABackupOfARunningServerIsWhole restores, into a folder that is empty"},
	{"docs/deploy.md", "pg_dump", "these are programs of PostgreSQL; TestRolesOnPostgreSQL is about its databases"},
	{"docs/security.md", "docker run", "it needs a container engine"},
	{"docs/webhooks.md", "def verify", "TestTheEndIsTold runs it on webhooks that are good and on some that are not"},
	{"docs/quickstart.md", "darkroom demo", "TestTheDemo does, in the time of 24 pages"},
}

// endless are commands that go on until they are stopped, and what they are to
// have said by then.
var endless = []struct{ begins, says string }{
	{"darkroom serve", "listening"},
	{"bin/darkroom serve", "listening"},
	{"darkroom listen", "Ready"},
	{"curl -s -N $DR/v1/events", "retry"},
}

// TestDocumentation runs every example of the documentation that calls the API
// or the command line, those of the served reference too, on a server of this
// machine. Addresses of the examples stand for a site and a receiver on loopback.
// The reference has the same in three languages: the short form runs each route
// in the shell or in Go, and compiles all that are in Go.
func TestDocumentation(t *testing.T) {
	d := newDocumented(t)
	used := map[int]bool{}
	var all []block
	pages := d.pages()
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		all = append(all, blocksOf(name, pages[name])...)
	}
	if len(all) < 100 {
		t.Fatalf("only %d examples were found", len(all))
	}
	d.build(all)
	ran := 0
	for i, one := range all {
		if at := one.mark(); at >= 0 {
			used[at] = true
			continue
		}
		if one.repeats(i) && length(0, 1, 1) == 0 {
			continue
		}
		ran++
		d.run(i, one)
	}
	for i, mark := range notRun {
		if !used[i] {
			t.Errorf("%s has no example with %q that is not run", mark.page, mark.has)
		}
	}
	t.Logf("%d of %d examples were run", ran, len(all))
}

// documented is what the examples find: a server with a job that has ended, a
// site and a receiver.
type documented struct {
	t        *testing.T
	server   *server
	hooks    *receiver
	site     string
	folder   string // where the commands run
	id       string // of a job with a picture and a failure
	delivery string
	places   *strings.Replacer // what the addresses of the examples stand for
	program  string            // the examples in Go
}

func newDocumented(t *testing.T) *documented {
	t.Helper()
	d := &documented{t: t, server: start(t, t.TempDir()), hooks: receive(t), folder: t.TempDir()}
	d.site = documentedSite(t)
	job := d.server.submit(map[string]any{
		"urls": []string{d.site + "/", d.site + "/gone"}, "callback_url": d.hooks.url, "attempts": 1, "evidence": true,
	})
	if done := d.server.await(job.ID, time.Minute); done.Status != darkroom.StatusPartial {
		t.Fatalf("ended %s", done.Status)
	}
	select {
	case <-d.hooks.hit:
	case <-time.After(time.Minute):
		t.Fatal("no webhook")
	}
	d.id, d.delivery = job.ID, d.hooks.all()[0].header.Get("webhook-id")
	address := strings.TrimPrefix(d.server.url, "http://")
	d.places = strings.NewReplacer(
		"localhost:8484", address, "127.0.0.1:8484", address,
		"https://example.com", d.site, "https://go.dev", d.site+"/blog/a", "https://your.site", d.site, "http://127.0.0.1:8485", d.site,
		"https://my.app/hook", d.hooks.url, "http://localhost:3000/hook", d.hooks.url,
		"/var/lib/darkroom", d.server.data, "/backup/", d.folder+"/",
		"sk_live_…", apiKey,
	)
	d.furnish()
	return d
}

// furnish puts into the folder what the examples expect to be there.
func (d *documented) furnish() {
	t := d.t
	must(t, os.Mkdir(filepath.Join(d.folder, "bin"), 0o755))
	must(t, os.Symlink(programPath, filepath.Join(d.folder, "bin", "darkroom")))
	modules := filepath.Join(d.folder, "node_modules")
	must(t, os.Mkdir(modules, 0o755))
	client, err := filepath.Abs("../clients/node")
	must(t, err)
	must(t, os.Symlink(client, filepath.Join(modules, "darkroom-client")))
	must(t, os.WriteFile(filepath.Join(d.folder, "urls.txt"), []byte(d.site+"/\n"+d.site+"/blog/a\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(d.folder, ".curlrc"), []byte("fail-with-body\nmax-time = 60\n"), 0o644))
}

// tidy removes the archives of the example before, which the next would find in
// its way.
func (d *documented) tidy() {
	names, err := filepath.Glob(filepath.Join(d.folder, "*.zip*"))
	must(d.t, err)
	for _, name := range names {
		must(d.t, os.Remove(name))
	}
}

// pages gives the Markdown of every page, by its name: the files, and the
// reference as the server has it.
func (d *documented) pages() map[string]string {
	t := d.t
	all := map[string]string{}
	for _, pattern := range []string{"README.md", "CONTRIBUTING.md", "clients/node/README.md", "docs/*.md"} {
		names, err := filepath.Glob("../" + pattern)
		must(t, err)
		for _, name := range names {
			text, err := os.ReadFile(name)
			must(t, err)
			all[strings.TrimPrefix(name, "../")] = string(text)
		}
	}
	answer, text := d.server.call("GET", "/docs/reference.md", nil)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the reference answers %d", answer.StatusCode)
	}
	all["reference"] = string(text)
	return all
}

// environment is what a block finds in the variables that the pages name. Some
// blocks need things of their own, because they use them up.
func (d *documented) environment(one block) []string {
	h := d.hooks.all()[0]
	secret := webhookSecret
	values := map[string]string{
		"DR": d.server.url, "KEY": apiKey, "ID": d.id, "DELIVERY": d.delivery, "KEY_ID": d.keyFor(one),
		"DARKROOM_URL": d.server.url, "DARKROOM_API_KEY": apiKey, "DARKROOM_DATA": d.server.data, "WEBHOOK_SECRET": secret,
		"id": h.header.Get("webhook-id"), "timestamp": h.header.Get("webhook-timestamp"), "body": string(h.body), "secret": secret,
		"HOME": d.folder, "CURL_HOME": d.folder, "XDG_CONFIG_HOME": d.folder, "PATH": filepath.Join(d.folder, "bin") + ":" + os.Getenv("PATH"),
		"TMPDIR": tempDir(d.server.data), "HOOK": d.hook(h),
	}
	if one.cancels() {
		values["ID"] = d.server.submit(map[string]any{"urls": []string{d.site + "/slow"}}).ID
	}
	if one.deletes() {
		values["ID"] = d.server.submit(map[string]any{"urls": []string{d.site + "/"}}).ID
	}
	env := []string{}
	for name, value := range values {
		env = append(env, name+"="+value)
	}
	return env
}

// keyFor makes a key where a block is about one.
func (d *documented) keyFor(one block) string {
	if !regexp.MustCompile(`KEY_ID|keyId|keyID`).MatchString(one.code) {
		return ""
	}
	_, answer := d.server.call("POST", "/v1/keys", map[string]any{"name": fmt.Sprintf("for line %d", one.line)})
	var made struct{ ID string }
	must(d.t, json.Unmarshal(answer, &made))
	return made.ID
}

// shop sees to it that the key of that name is there where an example is about
// it, and is not where one makes it.
func (d *documented) shop(one block) {
	makes := strings.Contains(one.code, `"name": "shop"`)
	if !makes && !strings.Contains(one.code, "shop") {
		return
	}
	_, answer := d.server.call("GET", "/v1/keys", nil)
	var list struct {
		Keys []struct {
			ID, Name  string
			RevokedAt *time.Time `json:"revoked_at"`
		}
	}
	must(d.t, json.Unmarshal(answer, &list))
	there := ""
	for _, key := range list.Keys {
		if key.Name == "shop" && key.RevokedAt == nil {
			there = key.ID
		}
	}
	switch {
	case makes && there != "":
		d.server.call("DELETE", "/v1/keys/"+there, nil)
	case !makes && there == "":
		d.server.call("POST", "/v1/keys", map[string]any{"name": "shop"})
	}
}

// hook is a webhook as the examples in Node and Go read it.
func (d *documented) hook(h hook) string {
	headers := map[string]string{}
	for name := range h.header {
		headers[strings.ToLower(name)] = h.header.Get(name)
	}
	text, err := json.Marshal(map[string]any{"body": string(h.body), "headers": headers})
	must(d.t, err)
	return string(text)
}

// documentedSite is the site that the addresses of the examples stand for.
func documentedSite(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	show := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><title>%s</title><header>A site</header><p>%[1]s", r.URL.Path)
	}
	for _, path := range []string{"/{$}", "/blog/{name}", "/pricing"} {
		mux.HandleFunc("GET "+path, show)
	}
	mux.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("GET /sitemap.xml", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprint(w, `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
		for _, path := range []string{"/", "/blog/a", "/pricing"} {
			fmt.Fprintf(w, "<url><loc>http://%s%s</loc></url>", r.Host, path)
		}
		fmt.Fprint(w, "</urlset>")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}
