package dashboard_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/api"
	"darkroom/internal/bucket"
	"darkroom/internal/dashboard"
	"darkroom/internal/database"
	"darkroom/internal/egress"
	"darkroom/internal/queue"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
)

// rig is the dashboard over a real store, and a browser that knows no script.
type rig struct {
	t      *testing.T
	server *httptest.Server
	store  *store.Store
	bucket *bucket.Bucket
	key    store.NewKey
	client *http.Client
	prefix string
}

func newRig(t *testing.T, prefix string) *rig {
	t.Helper()
	ctx := t.Context()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	r := &rig{t: t, prefix: prefix}
	db := must(database.Open(ctx, database.Config{Path: t.TempDir()}))(t)
	t.Cleanup(func() { _ = db.Close() })
	r.store = must(store.Open(ctx, db, must(queue.NewInserter(db))(t), store.Config{SecretKey: [32]byte{1}, Log: log}))(t)
	r.bucket = must(bucket.Open(ctx, bucket.Config{Dir: t.TempDir()}))(t)
	r.key = must(r.store.CreateKey(ctx, "first"))(t)
	policy := must(egress.NewPolicy(egress.Config{}))(t)
	routes := api.New(api.Config{Store: r.store, Bucket: r.bucket, Policy: policy, Sender: webhook.Sender{}, Version: "1.2.3", StartedAt: time.Now(), Log: log})
	board := must(dashboard.New(dashboard.Config{Store: r.store, API: routes, WithKey: api.WithKey, Prefix: prefix, Version: "1.2.3", Log: log}))(t)
	r.server = httptest.NewServer(http.StripPrefix(prefix, board))
	t.Cleanup(r.server.Close)
	r.newBrowser()
	return r
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func (r *rig) newBrowser() { r.client = &http.Client{Jar: must(cookiejar.New(nil))(r.t)} }

// answer is a page, read to its end.
type answer struct {
	status int
	path   string // after redirects, with the query
	header http.Header
	text   string
}

func (r *rig) do(request *http.Request) answer {
	r.t.Helper()
	response := must(r.client.Do(request))(r.t)
	defer func() { _ = response.Body.Close() }()
	return answer{
		response.StatusCode, response.Request.URL.RequestURI(), response.Header, string(must(io.ReadAll(response.Body))(r.t)),
	}
}

func (r *rig) get(path string) answer {
	r.t.Helper()
	return r.do(must(http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.server.URL+r.prefix+path, nil))(r.t))
}

// post sends a form as a browser sends one of that origin; "" = our own.
func (r *rig) post(path string, form url.Values, origin string) answer {
	r.t.Helper()
	if origin == "" {
		origin = r.server.URL
	}
	request := must(http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.server.URL+r.prefix+path, strings.NewReader(form.Encode())))(r.t)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", origin)
	return r.do(request)
}

func (r *rig) login() {
	r.t.Helper()
	if got := r.post("/login", url.Values{"key": {r.key.Secret}}, ""); got.status != http.StatusOK {
		r.t.Fatalf("log in: %d %s", got.status, got.text)
	}
}

const hostile = `</script><img src=x onerror=alert(1)>"'`

// work ends every capture that is due: those of URLs with "fail" in them fail.
func (r *rig) work(jobID string) {
	ctx := r.t.Context()
	for {
		claim, ok, err := r.store.Claim(ctx, "test", store.Hint{})
		if err != nil {
			r.t.Fatal(err)
		}
		if !ok {
			break
		}
		outcome := store.Outcome{Result: darkroom.Result{FinalURL: claim.URL, HTTPStatus: 200, Title: hostile, CapturedAt: time.Now()}}
		if strings.Contains(claim.URL, "fail") {
			outcome.Err = &darkroom.Error{Code: darkroom.CodeHTTPError, Message: "the page answered 404 " + hostile, HTTPStatus: 404}
			outcome.Evidence = &darkroom.Evidence{Console: []darkroom.ConsoleMessage{{Text: hostile, URL: "javascript:alert(1)"}}}
		} else {
			outcome.Result.Artifact = must(r.bucket.Put(ctx, bucket.ShotKey(claim.JobID, claim.Ordinal, claim.Attempt, "test", "png"), []byte("picture"), "image/png"))(r.t)
		}
		must(r.store.FinishCapture(ctx, claim, outcome))(r.t)
	}
	must(r.store.FinishJob(ctx, jobID, nil, func(darkroom.Job) []byte { return []byte(`{"title":"` + hostile) }))(r.t)
}

func (r *rig) beat() {
	if err := r.store.Beat(r.t.Context(), store.Instance{ID: "test", Version: "1", Slots: 1, StartedAt: time.Now()}); err != nil {
		r.t.Fatal(err)
	}
}

var jobPath = regexp.MustCompile(`/jobs/([0-9a-f-]{36})`)

// started sends the form of a new run and gives its id.
func (r *rig) started(urls string) string {
	r.t.Helper()
	got := r.post("/new", url.Values{"kind": {"urls"}, "urls": {urls}, "name": {hostile}, "callback_url": {"https://example.org/hook"}, "width": {"800"}}, "")
	match := jobPath.FindStringSubmatch(got.path)
	if got.status != http.StatusOK || match == nil {
		r.t.Fatalf("start a run: %d %s\n%s", got.status, got.path, got.text)
	}
	return match[1]
}

// Everything that a page needs can be done with forms and links alone: start,
// look, retry, keep, redeliver, repeat, delete. Behind a prefix too.
func TestARunWithFormsAlone(t *testing.T) {
	for _, prefix := range []string{"", "/shots"} {
		r := newRig(t, prefix)
		r.beat()
		if got := r.get("/new"); !strings.HasPrefix(got.path, prefix+"/login") {
			t.Fatalf("without a session /new leads to %s", got.path)
		}
		r.login()
		id := r.started("https://example.com/a\n\n https://example.com/fail \n")
		r.work(id)
		page := r.get("/jobs/" + id)
		for _, want := range []string{"partial", "http_error", prefix + "/jobs/" + id + "/retry", prefix + "/jobs/" + id + "/download", "1 failed"} {
			if !strings.Contains(page.text, want) {
				t.Errorf("the run does not show %q", want)
			}
		}
		again := r.post("/jobs/"+id+"/retry", nil, "")
		if match := jobPath.FindStringSubmatch(again.path); match == nil || match[1] == id || !strings.Contains(again.text, "retry of") {
			t.Errorf("the retry leads to %s", again.path)
		}
		if kept := r.post("/jobs/"+id+"/keep", nil, ""); !strings.Contains(kept.text, "kept longer") {
			t.Errorf("keep: %d %s", kept.status, kept.text)
		}
		if form := r.get("/new?repeat=" + id); !strings.Contains(form.text, "https://example.com/a\nhttps://example.com/fail") || !strings.Contains(form.text, `value="800"`) {
			t.Errorf("the form of the repetition is %s", form.text)
		}
		if asked := r.get("/jobs/" + id + "/delete"); !strings.Contains(asked.text, "for good") {
			t.Errorf("before a run is deleted: %s", asked.text)
		}
		r.post("/jobs/"+id+"/delete", nil, "")
		if gone := r.get("/jobs/" + id); gone.status != http.StatusNotFound {
			t.Errorf("a deleted run answers %d", gone.status)
		}
	}
}

// What the pages say follows what the address asks for.
func TestWhatAnAddressAsksFor(t *testing.T) {
	r := newRig(t, "")
	r.beat()
	r.login()
	id := r.started("https://example.com/a\nhttps://example.com/b")
	r.work(id)
	run, shot := `href="/jobs/`+id+`"`, "/jobs/"+id+"/1"
	for _, test := range []struct {
		path, text string
		has        bool
	}{
		{"/?q=status:completed+type:batch", run, true},
		{"/?q=status:failed", run, false},
		{"/?q=after:2000-01-01", run, true},
		{"/?q=before:2000-01-01", run, false},
		{"/?q=after:2999-01-01T10:00:00Z", run, false},
		{"/?q=tag:none", run, false},
		{shot, `class="frame actual"`, false},
		{shot + "?size=actual", `class="frame actual"`, true},
		{shot + "?size=actual", `href="/jobs/` + id + `/2?size=actual"`, true},
		{"/keys", "never", false},
	} {
		if got := r.get(test.path); got.status != http.StatusOK || strings.Contains(got.text, test.text) != test.has {
			t.Errorf("%s: %d, %q is there: %v", test.path, got.status, test.text, !test.has)
		}
	}
	r.post("/keys", url.Values{"name": {"idle"}, "scope": {"read"}}, "")
	if !strings.Contains(r.get("/keys").text, "never") {
		t.Error("a key that was never used is not told apart")
	}
}

// Every page is shown, keeps strangers out and lets nothing that a captured
// page has said become a part of it.
func TestEveryPage(t *testing.T) {
	r := newRig(t, "")
	r.beat()
	r.login()
	id := r.started("https://example.com/a\nhttps://example.com/fail")
	r.work(id)
	pages := []string{
		"/", "/?q=status:partial", "/?q=nothing+like+it", "/?page=7", "/new", "/new?kind=sitemap", "/deliveries", "/deliveries?state=pending", "/keys", "/system",
		"/jobs/" + id + "/1", "/jobs/" + id + "/2", "/jobs/" + id + "/delete", "/jobs/" + id + "?state=failed",
	}
	for _, view := range []string{"gallery", "table", "log", "settings", "deliveries"} {
		pages = append(pages, "/jobs/"+id+"?view="+view)
	}
	shown := 0
	for _, path := range pages {
		got := r.get(path)
		if got.status != http.StatusOK || !strings.Contains(got.text, "<h1") {
			t.Errorf("%s answers %d", path, got.status)
		}
		if strings.Contains(got.text, "<img src=x") || strings.Contains(got.text, `="javascript:`) || strings.Contains(got.text, "ZgotmplZ") {
			t.Errorf("%s has markup of a captured page in it", path)
		}
		shown += strings.Count(got.text, "&lt;img src=x")
		if policy := got.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s has the policy %q", path, policy)
		}
	}
	if shown < 10 {
		t.Errorf("hostile text is shown %d times", shown)
	}
	own := r.client
	r.newBrowser()
	for _, path := range append(pages, "/jobs/"+id+"/download", "/jobs/"+id+"/events", "/jobs/"+id+"/captures/1/image") {
		if got := r.get(path); !strings.HasPrefix(got.path, "/login") && got.status != http.StatusUnauthorized {
			t.Errorf("without a session %s answers %d at %s", path, got.status, got.path)
		}
	}
	r.client = own
	other := must(r.store.CreateKey(t.Context(), "other"))(t)
	r.newBrowser()
	r.post("/login", url.Values{"key": {other.Secret}}, "")
	for _, path := range []string{"/jobs/" + id, "/jobs/" + id + "/1", "/jobs/" + id + "/download", "/jobs/" + id + "/events", "/new?repeat=" + id, "/jobs/nothing", "/jobs/" + id + "/0"} {
		if got := r.get(path); got.status != http.StatusNotFound {
			t.Errorf("to another key %s answers %d", path, got.status)
		}
	}
}

func TestSessions(t *testing.T) {
	r := newRig(t, "")
	if got := r.post("/login", url.Values{"key": {"sk_live_wrong"}}, ""); got.status != http.StatusBadRequest || !strings.Contains(got.text, "Invalid or missing API key") {
		t.Errorf("a wrong key: %d", got.status)
	}
	once := must(r.store.NewLogin(t.Context(), r.key.ID))(t)
	first := r.get("/login?once=" + once + "&next=https://evil.example/")
	cookie := first.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie is %q, without %s", cookie, want)
		}
	}
	if strings.Contains(first.text, "evil") || strings.Contains(cookie, r.key.Secret) {
		t.Error("a link leads to another site, or the cookie is the key")
	}
	if got := r.get("/"); got.path != "/" {
		t.Errorf("after the link / leads to %s", got.path)
	}
	if got := r.get("/login?once=" + once); got.status != http.StatusBadRequest {
		t.Errorf("the link, again: %d", got.status)
	}
	if got := r.post("/new", url.Values{"urls": {"https://example.com/"}}, "https://evil.example"); got.status != http.StatusForbidden {
		t.Errorf("a form of another site: %d", got.status)
	}
	r.post("/logout", nil, "")
	if got := r.get("/"); !strings.HasPrefix(got.path, "/login") {
		t.Errorf("after the end / leads to %s", got.path)
	}
}

// What a key may not do, its session cannot either.
func TestASessionIsItsKey(t *testing.T) {
	r := newRig(t, "")
	reader := must(r.store.GrantKey(t.Context(), "reader", darkroom.Grant{Scopes: []darkroom.Scope{darkroom.ScopeRead}}))(t)
	r.post("/login", url.Values{"key": {reader.Secret}}, "")
	for path, form := range map[string]url.Values{
		"/new": {"urls": {"https://example.com/"}}, "/keys": {"name": {"mine"}, "scope": {"admin"}}, "/keys/" + r.key.ID + "/revoke": nil,
	} {
		if got := r.post(path, form, ""); got.status < 400 || !strings.Contains(got.text, "scope") {
			t.Errorf("POST %s: %d", path, got.status)
		}
	}
	if got := r.get("/keys"); strings.Contains(got.text, "first") {
		t.Error("a reader sees the keys of others")
	}
}

func TestAssetsAreSmall(t *testing.T) {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	err := fs.WalkDir(os.DirFS("assets"), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile("assets/" + path)
		if err == nil {
			_, err = writer.Write(content)
		}
		return err
	})
	if err != nil || writer.Close() != nil || packed.Len() > 100<<10 {
		t.Errorf("the assets have %d bytes, compressed: %v", packed.Len(), err)
	}
}
