package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/api"
	"darkroom/internal/store"
)

const nobodysID = "0195d4a2-0000-7000-8000-000000000000"

func keyScenarios() []scenario {
	return []scenario{
		{name: "keys", before: (*rig).keyring, method: "GET", path: "/v1/keys"},
		{name: "key", before: (*rig).keyring, method: "GET", path: "/v1/keys/$JOB"},
		{name: "key-unknown", method: "GET", path: "/v1/keys/" + nobodysID},
		{name: "key-by-its-name", method: "GET", path: "/v1/keys/first"},
		{name: "key-created", method: "POST", path: "/v1/keys", body: `{"name":"shop"}`},
		{name: "key-created-with-everything", method: "POST", path: "/v1/keys", body: `{"name":"shop","scopes":["read","create","admin"],
			"limits":{"requests_per_minute":60,"captures_per_month":"1000","urls_per_batch":50,"pages_per_crawl":200,"active_jobs":3}}`},
		{name: "key-without-a-name", method: "POST", path: "/v1/keys", body: `{}`},
		{name: "key-with-a-taken-name", method: "POST", path: "/v1/keys", body: `{"name":"first"}`},
		{name: "key-with-a-strange-scope", method: "POST", path: "/v1/keys", body: `{"name":"shop","scopes":["write"]}`},
		{name: "key-with-a-mistyped-limit", method: "POST", path: "/v1/keys", body: `{"name":"shop","limits":{"active_job":3}}`},
		{name: "key-with-a-negative-limit", method: "POST", path: "/v1/keys", body: `{"name":"shop","limits":{"active_jobs":-3}}`},
		{name: "key-rotated", before: (*rig).keyring, method: "POST", path: "/v1/keys/$JOB/rotate", body: `{"grace":3600}`},
		{name: "key-rotated-by-default", before: (*rig).keyring, method: "POST", path: "/v1/keys/$JOB/rotate"},
		{name: "key-rotated-for-too-long", before: (*rig).keyring, method: "POST", path: "/v1/keys/$JOB/rotate", body: `{"grace":2592001}`},
		{name: "webhook-secret", before: (*rig).keyring, method: "GET", path: "/v1/keys/$JOB/webhook-secret"},
		{name: "webhook-secret-of-nobody", method: "GET", path: "/v1/keys/" + nobodysID + "/webhook-secret"},
		{name: "webhook-secret-rotated", before: (*rig).keyring, method: "POST", path: "/v1/keys/$JOB/webhook-secret/rotate", body: `{"grace":3600}`},
		{name: "webhook-secret-rotated-at-once", before: (*rig).keyring, method: "POST", path: "/v1/keys/$JOB/webhook-secret/rotate", body: `{"grace":0}`},
		{name: "webhook-secret-rotated-for-too-long", before: (*rig).keyring, method: "POST", path: "/v1/keys/$JOB/webhook-secret/rotate", body: `{"grace":2592001}`},
		{name: "key-revoked-again", before: (*rig).revokedKey, method: "DELETE", path: "/v1/keys/$JOB"},
		{name: "key-erased", before: (*rig).revokedKey, method: "DELETE", path: "/v1/keys/$JOB?erase=true"},
		{name: "keys-without-the-scope", before: (*rig).asReader, method: "GET", path: "/v1/keys"},
		{name: "create-without-the-scope", before: (*rig).asReader, method: "POST", path: "/v1/batch", body: `{"urls":["https://example.com/"]}`},
		{name: "rate", before: (*rig).asLimited, method: "GET", path: "/v1/jobs"},
		{name: "rate-exceeded", before: (*rig).asExhausted, method: "GET", path: "/v1/jobs"},
		{name: "captures-exceeded", before: (*rig).asLimited, method: "POST", path: "/v1/batch", body: `{"urls":[` + urlList(6) + `]}`},
		{name: "urls-exceeded", before: (*rig).asLimited, method: "POST", path: "/v1/batch", body: `{"urls":[` + urlList(9) + `]}`},
		{name: "pages-exceeded", before: (*rig).asLimited, method: "POST", path: "/v1/sitemap", body: `{"sitemap_url":"https://example.com/","max_pages":5}`},
		{name: "pages-by-default", before: (*rig).asLimited, method: "POST", path: "/v1/sitemap", body: `{"sitemap_url":"https://example.com/"}`},
		{name: "jobs-exceeded", before: (*rig).asBusy, method: "POST", path: "/v1/batch", body: `{"urls":["https://example.com/"]}`},
		{name: "usage-with-a-limit", before: (*rig).asBusy, method: "GET", path: "/v1/usage"},
	}
}

func urlList(n int) string {
	urls := make([]string, n)
	for i := range urls {
		urls[i] = fmt.Sprintf("%q", fmt.Sprint("https://example.com/", i))
	}
	return strings.Join(urls, ",")
}

func (r *rig) grant(name string, grant darkroom.Grant) store.NewKey {
	r.t.Helper()
	return must(r.store.GrantKey(r.t.Context(), name, grant))(r.t)
}

// keyring makes a key of each state, and gives the id of one that works.
func (r *rig) keyring() string {
	r.clock.advance(time.Minute)
	r.revokedKey()
	limits := darkroom.KeyLimits{RequestsPerMinute: 60, ActiveJobs: 2}
	return r.grant("shop", darkroom.Grant{Scopes: []darkroom.Scope{darkroom.ScopeCreate}, Limits: limits}).ID
}

func (r *rig) revokedKey() string {
	id := r.grant("old", darkroom.DefaultGrant()).ID
	must(r.store.RevokeKey(r.t.Context(), id))(r.t)
	return id
}

func (r *rig) asReader() string {
	r.key = r.grant("reader", darkroom.Grant{Scopes: []darkroom.Scope{darkroom.ScopeRead}}).Secret
	return ""
}

func (r *rig) asLimited() string {
	r.clock.advance(43 * time.Second)
	limits := darkroom.KeyLimits{RequestsPerMinute: 3, CapturesPerMonth: 5, URLsPerBatch: 8, PagesPerCrawl: 4, ActiveJobs: 1}
	r.key = r.grant("limited", darkroom.Grant{Scopes: darkroom.DefaultGrant().Scopes, Limits: limits}).Secret
	return ""
}

func (r *rig) asExhausted() string {
	r.asLimited()
	for range 3 {
		expect(r.t, "status", r.get("/v1/jobs").status, http.StatusOK)
	}
	return ""
}

func (r *rig) asBusy() string {
	r.asLimited()
	return r.create("https://example.com/1", "https://example.com/2")
}

func TestAKeyOverItsLife(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var made api.NewKeyAnswer
	created := r.send("POST", "/v1/keys", `{"name":"shop"}`)
	created.json(t, &made)
	expect(t, "status", created.status, http.StatusCreated)
	answers := func(secret string, want int) {
		t.Helper()
		expect(t, "status", r.get("/v1/jobs", "Authorization", "Bearer "+secret).status, want)
	}
	answers(made.Key, http.StatusOK)
	var rotated api.NewKeyAnswer
	r.send("POST", "/v1/keys/"+made.ID+"/rotate", `{"grace":"60"}`).json(t, &rotated)
	answers(made.Key, http.StatusOK)
	answers(rotated.Key, http.StatusOK)
	r.clock.advance(time.Minute)
	answers(made.Key, http.StatusUnauthorized)
	gone := r.send("DELETE", "/v1/keys/"+made.ID, "")
	expect(t, "status", gone.status, http.StatusNoContent)
	expect(t, "bytes", len(gone.body), 0)
	answers(rotated.Key, http.StatusUnauthorized)
	listed := string(r.get("/v1/keys").body)
	for _, secret := range []string{made.Key, rotated.Key, made.WebhookSecret, r.key} {
		if strings.Contains(listed, secret) {
			t.Error("the list shows a secret")
		}
	}
}

// Every route asks for its scope, and says which it is.
func TestScopes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.done("https://example.com/")
	for _, row := range []struct {
		method, path, body string
		scope              darkroom.Scope
	}{
		{"GET", "/v1/jobs", "", darkroom.ScopeRead},
		{"HEAD", "/v1/jobs/" + id, "", darkroom.ScopeRead},
		{"GET", "/v1/jobs/" + id + "/download", "", darkroom.ScopeRead},
		{"GET", "/v1/usage", "", darkroom.ScopeRead},
		{"POST", "/v1/batch", `{"urls":["https://example.com/"]}`, darkroom.ScopeCreate},
		{"POST", "/v1/sitemap", `{"sitemap_url":"https://example.com/"}`, darkroom.ScopeCreate},
		{"GET", "/v1/screenshot?url=https://example.com/", "", darkroom.ScopeCreate},
		{"GET", "/v1/keys", "", darkroom.ScopeAdmin},
		{"POST", "/v1/keys", `{"name":"x"}`, darkroom.ScopeAdmin},
		{"DELETE", "/v1/keys/" + nobodysID, "", darkroom.ScopeAdmin},
		{"POST", "/v1/keys/" + nobodysID + "/rotate", "", darkroom.ScopeAdmin},
		{"GET", "/v1/keys/" + nobodysID + "/webhook-secret", "", darkroom.ScopeAdmin},
		{"POST", "/v1/keys/" + nobodysID + "/webhook-secret/rotate", "", darkroom.ScopeAdmin},
		{"GET", "/v1/webhooks/deliveries", "", darkroom.ScopeRead},
		{"GET", "/v1/webhooks/events", "", darkroom.ScopeRead},
		{"POST", "/v1/webhooks/deliveries/whk_" + nobodysID + "/redeliver", "", darkroom.ScopeCreate},
		{"POST", "/v1/webhooks/test", `{}`, darkroom.ScopeCreate},
	} {
		for _, scope := range darkroom.Scopes() {
			key := r.grant(fmt.Sprint(row.method, row.path, scope), darkroom.Grant{Scopes: []darkroom.Scope{scope}})
			got := r.send(row.method, row.path, row.body, "Authorization", "Bearer "+key.Secret)
			if refused := got.status == http.StatusForbidden; refused != (scope != row.scope) {
				t.Errorf("%s %s with %s: %d %s", row.method, row.path, scope, got.status, got.body)
			} else if refused && row.method != "HEAD" && !strings.Contains(string(got.body), "--scope "+string(row.scope)) {
				t.Errorf("%s %s does not say what to do: %s", row.method, row.path, got.body)
			}
		}
	}
}

// A limit says in every answer where the key stands; a refusal counts nothing
// and makes nothing.
func TestABurstIsRefused(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, conditions{limits: api.Limits{RequestsPerMinute: 20}})
	r.clock.advance(15 * time.Second)
	var mu sync.Mutex
	statuses, left := map[int]int{}, map[string]int{}
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() {
			got := r.send("POST", "/v1/batch", `{"urls":["https://example.com/"]}`)
			mu.Lock()
			defer mu.Unlock()
			statuses[got.status]++
			left[got.header.Get("X-RateLimit-Remaining")]++
			reset := must(strconv.ParseInt(got.header.Get("X-RateLimit-Reset"), 10, 64))(t)
			expect(t, "reset", reset, r.clock.Now().Add(45*time.Second).Unix())
			expect(t, "policy", got.header.Get("RateLimit-Policy"), `"requests";q=20;w=60`)
			if got.status == http.StatusTooManyRequests {
				expect(t, "code", got.code(t), darkroom.CodeRateLimited)
				expect(t, "Retry-After", got.header.Get("Retry-After"), "45")
			}
		})
	}
	group.Wait()
	expect(t, "accepted", statuses[http.StatusAccepted], 20)
	expect(t, "refused", statuses[http.StatusTooManyRequests], 180)
	for n := range 20 {
		if left[strconv.Itoa(n)] == 0 {
			t.Errorf("no answer had %d requests left: %v", n, left)
		}
	}
	expect(t, "jobs", r.jobs(t), 20)
	r.clock.advance(45 * time.Second)
	expect(t, "status", r.get("/v1/jobs").status, http.StatusOK)
}

func TestAKeyWithoutALimitIsToldNothing(t *testing.T) {
	t.Parallel()
	got := newRig(t).get("/v1/jobs")
	for name := range got.header {
		if strings.Contains(strings.ToLower(name), "ratelimit") {
			t.Errorf("%s: %s", name, got.header.Get(name))
		}
	}
}

// Whoever tries keys is stopped; who has used a key from there lately is not.
func TestFailedLogins(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	fresh := r.grant("fresh", darkroom.DefaultGrant()).Secret
	expect(t, "status", r.get("/v1/jobs").status, http.StatusOK)
	statuses := map[int]int{}
	var last answer
	for i := range 1000 {
		last = r.get("/v1/jobs", "Authorization", fmt.Sprintf("Bearer sk_live_%048x", i))
		statuses[last.status]++
	}
	expect(t, "unauthorized", statuses[http.StatusUnauthorized], 100)
	expect(t, "limited", statuses[http.StatusTooManyRequests], 900)
	expect(t, "code", last.code(t), darkroom.CodeRateLimited)
	expect(t, "Retry-After", last.header.Get("Retry-After"), "60")
	expect(t, "a known key", r.get("/v1/jobs").status, http.StatusOK)
	expect(t, "a key guessed right", r.get("/v1/jobs", "Authorization", "Bearer "+fresh).status, http.StatusTooManyRequests)
	expect(t, "no key", r.get("/v1/jobs", "Authorization", "").status, http.StatusUnauthorized)
	r.clock.advance(time.Minute)
	expect(t, "afterwards", r.get("/v1/jobs", "Authorization", "Bearer "+fresh).status, http.StatusOK)
}
