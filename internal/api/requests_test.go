package api_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"darkroom"
	"darkroom/internal/api"
	"darkroom/internal/store"
)

// claims gives what each capture of a job is to be, by ordinal.
func (r *rig) claims(n int) []darkroom.Claim {
	r.t.Helper()
	var all []darkroom.Claim
	for range n {
		claim, ok, err := r.store.Claim(r.t.Context(), "test", store.Hint{})
		if err != nil || !ok {
			r.t.Fatalf("claim %d of %d: %v", len(all)+1, n, err)
		}
		all = append(all, claim)
		if _, err := r.store.FinishCapture(r.t.Context(), claim, r.capture(claim)); err != nil {
			r.t.Fatal(err)
		}
	}
	slices.SortFunc(all, func(a, b darkroom.Claim) int { return a.Ordinal - b.Ordinal })
	return all
}

func TestRequestsHaveOptionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	created := r.send("POST", "/v1/batch", `{"urls": [], "width": 800, "full_page": true, "delay": 100, "headers": {"X-A": "job"},
		"requests": [
			{"url": "HTTPS://Example.com/a"},
			{"url": "https://example.com/b", "width": "1000", "full_page": false, "delay": 0, "headers": {"X-B": "own"}},
			{"url": "https://example.com/c", "headers": {"X-B": "own"}, "delay": 0, "full_page": "no", "width": 1000, "device": null},
			{"url": "https://example.com/d", "dark_mode": true}
		]}`)
	expect(t, "status", created.status, http.StatusAccepted)
	job := created.job(t)
	expect(t, "total_urls", *job.TotalURLs, 4)
	expect(t, "total", job.Progress.Total, 4)
	base := darkroom.Options{Width: 800, FullPage: true, Delay: 100, Secrets: darkroom.Secrets{Headers: map[string]string{"X-A": "job"}}}
	own := darkroom.Options{Width: 1000, Secrets: darkroom.Secrets{Headers: map[string]string{"X-B": "own"}}}
	dark := base
	dark.DarkMode = true
	want := []darkroom.Options{base, own, own, dark}
	for i, claim := range r.claims(4) {
		if !reflect.DeepEqual(claim.Options, want[i]) {
			t.Errorf("%s has %+v, want %+v", claim.URL, claim.Options, want[i])
		}
	}
}

func TestVariantsMultiplyWhatIsCaptured(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, conditions{limits: api.Limits{MaxURLs: 2}}) // the limit counts URLs
	created := r.send("POST", "/v1/batch", `{"requests": [{"url": "https://example.com/a", "width": 700}, {"url": "https://example.com/fail"}],
		"variants": [{"name": "phone", "device": "iPhone 14"}, {"width": 900}, {"name": "", "dark_mode": "true"}]}`)
	expect(t, "status", created.status, http.StatusAccepted)
	job := created.job(t)
	expect(t, "total_urls", *job.TotalURLs, 2)
	expect(t, "total", job.Progress.Total, 6)
	expect(t, "variants", job.Variants, 3)
	var got []string
	for _, claim := range r.claims(6) {
		got = append(got, fmt.Sprintf("%s %d %s %v", claim.URL[20:], claim.Options.Width, claim.Options.Device, claim.Options.DarkMode))
	}
	expect(t, "captures", strings.Join(got, "\n"), strings.Join([]string{
		"a 700 iPhone 14 false", "a 900  false", "a 700  true", "fail 0 iPhone 14 false", "fail 900  false", "fail 0  true",
	}, "\n"))
	r.finish(job.ID)
	expect(t, "files", fmt.Sprint(r.unzip(job.ID)), "[001_a_phone.png 002_a_v2.png 003_a_v3.png index.json]")
}

func readZip(t *testing.T, body []byte) *zip.Reader {
	t.Helper()
	return must(zip.NewReader(bytes.NewReader(body), int64(len(body))))(t)
}

// unzip gives the names of a job's archive.
func (r *rig) unzip(id string) (names []string) {
	r.t.Helper()
	archive := r.get("/v1/jobs/" + id + "/download")
	expect(r.t, "status", archive.status, http.StatusOK)
	for _, file := range readZip(r.t, archive.body).File {
		names = append(names, file.Name)
	}
	return names
}

func TestASitemapHasVariantsToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	created := r.send("POST", "/v1/sitemap", `{"sitemap_url": "https://example.com/sitemap.xml", "variants": [{}, {"full_page": true}]}`)
	expect(t, "status", created.status, http.StatusAccepted)
	job := must(r.store.JobForWork(t.Context(), created.job(t).ID))(t)
	expect(t, "variants", job.Variants, 2)
	expect(t, "max pages", job.Crawl.MaxPages, 50)
	expect(t, "total_urls", *created.job(t).TotalURLs, 0)
}

func TestWrongRequestsAndVariants(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, conditions{limits: api.Limits{MaxURLs: 30_000}})
	many := `{"urls": ["https://a.example/` + strings.Repeat(`","https://a.example/`, 5000) + `"], "variants": [{},{},{},{},{},{},{},{},{},{}]}`
	for _, test := range []struct{ name, path, body, param, message string }{
		{"both", "batch", `{"urls": ["https://a.example"], "requests": [{"url": "https://a.example"}]}`, "requests", "exclude each other"},
		{"neither", "batch", `{"requests": []}`, "urls", "urls must be a list"},
		{"no list", "batch", `{"requests": {"url": "https://a.example"}}`, "requests", "list of 1 to"},
		{"texts", "batch", `{"requests": ["https://a.example"]}`, "requests[0]", "must be an object with url"},
		{"nothing", "batch", `{"requests": [null]}`, "requests[0]", "must be an object with url"},
		{"no URL", "batch", `{"requests": [{"width": 800}]}`, "requests[0].url", "requests[0].url is missing"},
		{"a refused URL", "batch", `{"requests": [{"url": "https://a.example"}, {"url": "file:///etc/passwd"}]}`, "requests[1].url", "requests[1].url"},
		{"out of range", "batch", `{"requests": [{"url": "https://a.example"}, {"url": "https://a.example", "width": 5}]}`, "requests[1].width", "requests[1].width must be between 320 and 3840 px"},
		{"no number", "batch", `{"requests": [{"url": "https://a.example", "width": "wide"}]}`, "requests[0].width", "requests[0].width must be a whole number"},
		{"against the job's", "batch", `{"full_page": true, "requests": [{"url": "https://a.example", "clip": {"x":0,"y":0,"width":9,"height":9}}]}`, "requests[0].clip", "exclude each other"},
		{"against a variant", "batch", `{"requests": [{"url": "https://a.example", "full_page": true}], "variants": [{}, {"name": "part", "clip": {"x":0,"y":0,"width":9,"height":9}}]}`, "requests[0].clip", "requests[0]: in variant part: clip and full_page"},
		{"a header of the connection", "batch", `{"requests": [{"url": "https://a.example", "headers": {"Host": "b"}}]}`, "requests[0].headers", "requests[0]: header"},
		{"insecure", "batch", `{"requests": [{"url": "https://a.example", "ignore_https_errors": true}]}`, "requests[0].ignore_https_errors", "certificates"},
		{"too long a cache", "batch", `{"urls": ["https://a.example"], "cache_ttl": 86401}`, "cache_ttl", "between 1 and 86400 s"},
		{"too long a cache of one", "batch", `{"requests": [{"url": "https://a.example", "cache_ttl": 86401}]}`, "requests[0].cache_ttl", "between 1 and 86400 s"},
		{"no variants", "batch", `{"urls": ["https://a.example"], "variants": {"a": {}}}`, "variants", "list of 1 to 10"},
		{"eleven variants", "batch", `{"urls": ["https://a.example"], "variants": [{},{},{},{},{},{},{},{},{},{},{}]}`, "variants", "list of 1 to 10"},
		{"no variant", "sitemap", `{"sitemap_url": "https://a.example", "variants": ["dark"]}`, "variants[0]", "must be an object"},
		{"a bad variant", "sitemap", `{"sitemap_url": "https://a.example", "variants": [{}, {"quality": 101}]}`, "variants[1].quality", "variants[1].quality must be between"},
		{"a variant against the job", "batch", `{"urls": ["https://a.example"], "full_page": true, "variants": [{"clip": {"x":0,"y":0,"width":9,"height":9}}]}`, "variants[0].clip", "exclude each other"},
		{"a name for no file", "batch", `{"urls": ["https://a.example"], "variants": [{"name": "../x"}]}`, "variants[0].name", "ASCII letters"},
		{"too long a name", "batch", `{"urls": ["https://a.example"], "variants": [{"name": "` + strings.Repeat("a", 41) + `"}]}`, "variants[0].name", "1 to 40"},
		{"one name twice", "batch", `{"urls": ["https://a.example"], "variants": [{"name": "a"}, {"name": "A"}]}`, "variants[1].name", "that of variants[0]"},
		{"a default name twice", "batch", `{"urls": ["https://a.example"], "variants": [{"name": "v2"}, {}]}`, "variants[1].name", "that of variants[0]"},
		{"too many captures", "batch", many, "variants", "50010 captures"},
		{"too many pages", "sitemap", `{"sitemap_url": "https://a.example", "max_pages": 5000, "variants": [{},{},{},{},{},{},{},{},{},{}], "retention": -1}`, "retention", "retention"},
		{"a plan", "sitemap", `{"sitemap_url": "https://a.example", "plan": true, "variants": [{"width": 1}]}`, "variants[0].width", "variants[0].width"},
	} {
		got := r.send("POST", "/v1/"+test.path, test.body)
		var failure struct{ Param, Message string }
		got.json(t, &failure)
		message := strings.ReplaceAll(failure.Message, "5001 URLs in 10 variants are more than the 50000 captures", "50010 captures")
		if got.status/100 != 4 || failure.Param != test.param || !strings.Contains(message, test.message) {
			t.Errorf("%s: %d %.400s", test.name, got.status, got.body)
		}
	}
	page := must(r.store.Jobs(t.Context(), r.keyID, store.JobFilter{}))(t)
	expect(t, "jobs", page.Total, 0)
}

// Every bad entry is named, and nothing is created.
func TestEveryBadRequestIsNamed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.send("POST", "/v1/batch", `{"requests": [
		{"url": "ftp://a.example"}, {"url": "https://a.example"}, {"url": "https://a.example", "width": 1}, {"url": "https://b.example", "width": 1}, 7]}`)
	expect(t, "status", got.status, http.StatusBadRequest)
	var failure struct {
		Message string
		Details []darkroom.Detail
	}
	got.json(t, &failure)
	var found []string
	for _, detail := range failure.Details {
		found = append(found, fmt.Sprintf("%d %s %s", detail.Index, detail.Field, detail.Code))
	}
	expect(t, "details", strings.Join(found, "\n"), strings.Join([]string{
		"0 requests[0].url scheme_not_allowed", "2 requests[2].width invalid_option", "3 requests[3].width invalid_option", "4 requests[4] invalid_option",
	}, "\n"))
	if !strings.Contains(failure.Message, "requests[0].url") || !strings.Contains(failure.Message, "3 more entries") {
		t.Errorf("message %q", failure.Message)
	}
}

func TestUnknownNamesOfEntriesAreTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const body = `{"requests": [{"url": "https://a.example", "widthh": 800, "country": ""}], "variants": [{"name": "a", "tags": ["x"]}]}`
	created := r.send("POST", "/v1/batch", body)
	expect(t, "status", created.status, http.StatusAccepted)
	expect(t, "warnings", strings.Join(created.job(t).Warnings, "\n"),
		`unknown parameter "requests[0].widthh" ignored; did you mean "requests[0].width"?`+"\n"+
			`unknown parameter "variants[0].tags" ignored`)
	expect(t, "strict", r.send("POST", "/v1/batch", body, "Darkroom-Strict", "1").status, http.StatusBadRequest)
}

func TestASingleScreenshotIsNeverCached(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.get("/v1/screenshot?url=https://example.com/&cache=true&cache_ttl=60")
	expect(t, "status", got.status, http.StatusOK)
	if warning := got.header.Get("X-Darkroom-Warning"); !strings.Contains(warning, "taken anew") {
		t.Errorf("warning %q", warning)
	}
	expect(t, "warning", r.get("/v1/screenshot?url=https://example.com/&cache=false").header.Get("X-Darkroom-Warning"), "")
}

func TestCachedCapturesAreTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.done("https://example.com/a")
	created := r.send("POST", "/v1/batch", `{"urls": ["https://example.com/a"], "cache": true}`)
	id := created.job(t).ID
	if claim, ok, err := r.store.Claim(t.Context(), "test", store.Hint{}); err != nil || !ok || !claim.Cached {
		t.Fatalf("claimed %+v %v %v", claim, ok, err)
	}
	r.finish(id)
	var manifest struct {
		Results []struct {
			Cached   bool
			Attempts int
		}
	}
	for _, file := range readZip(t, r.get("/v1/jobs/"+id+"/download").body).File {
		if file.Name != "index.json" {
			continue
		}
		content := must(file.Open())(t)
		if err := json.NewDecoder(content).Decode(&manifest); err != nil {
			t.Fatal(err)
		}
	}
	if len(manifest.Results) != 1 || !manifest.Results[0].Cached || manifest.Results[0].Attempts != 0 {
		t.Errorf("manifest %+v", manifest)
	}
	var usage api.UsageAnswer
	r.get("/v1/usage").json(t, &usage)
	expect(t, "cache hits", usage.CacheHitRate, 50)
}
