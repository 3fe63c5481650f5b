package api_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"darkroom"
)

// What a client asks for is what the job has.
func TestBatchBecomesAJob(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	created := r.send("POST", "/v1/batch", `{
		"urls": ["HTTPS://Example.com:443/a b#part", "https://example.com/fail"],
		"format": "WEBP", "quality": "70", "width": 800.0, "full_page": "yes", "retina": 1, "hide_selectors": ".a, .b:is(c, d)",
		"fail_on_status": [], "timeout": 0, "headers": {"X-A": "b"}, "cookies": [{"name": "c", "value": "d"}],
		"callback_url": "https://Example.org/hook#part", "name": " Nightly ", "tags": "one, two,",
		"priority": "low", "retention": "3600", "host_concurrency": 2, "host_delay": 250
	}`)
	expect(t, "status", created.status, http.StatusAccepted)
	job := must(r.store.JobForWork(t.Context(), created.job(t).ID))(t)

	want := darkroom.Options{
		Format: "webp", Quality: 70, Width: 800, FullPage: true, Retina: true, HideSelectors: []string{".a", ".b:is(c, d)"},
		FailOnStatus: []string{}, Secrets: darkroom.Secrets{
			Headers: map[string]string{"X-A": "b"}, Cookies: []darkroom.Cookie{{Name: "c", Value: "d"}},
		},
	}
	if !reflect.DeepEqual(job.Options, want) {
		t.Errorf("options %+v\nwant %+v", job.Options, want)
	}
	expect(t, "callback", job.CallbackURL, "https://example.org/hook")
	expect(t, "name", job.Name, "Nightly")
	expect(t, "tags", fmt.Sprint(job.Tags), "[one two]")
	expect(t, "priority", job.Priority, darkroom.PriorityLow)
	expect(t, "retention", job.Retention, time.Hour)
	expect(t, "host concurrency", job.HostConcurrency, 2)
	expect(t, "host delay", job.HostDelay, 250*time.Millisecond)
	expect(t, "deadline", job.Deadline, job.CreatedAt.Add(darkroom.DefaultJobDeadline))
	var targets []string
	for capture, err := range r.store.Captures(t.Context(), job.ID) {
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, capture.URL+" "+capture.Host)
	}
	expect(t, "targets", fmt.Sprint(targets), "[https://example.com/a%20b#part example.com:443 https://example.com/fail example.com:443]")
}

// The answer to a replay is the answer to the first request, byte for byte,
// whatever has happened to the job; other spellings of the same body are the
// same request.
func TestReplayIsTheSameAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.send("POST", "/v1/batch", `{"urls":["https://example.com/"],"width":800}`, "Idempotency-Key", "k")
	expect(t, "status", first.status, http.StatusAccepted)
	r.work()
	r.finish(first.job(t).ID)
	r.clock.advance(23 * time.Hour)
	for _, body := range []string{
		`{"urls":["https://example.com/"],"width":800}`,
		` { "width" : 800, "urls" : ["https:\/\/example.com/"] } `,
		`{"urls":["http://127.0.0.1/"],"urls":["https://example.com/"],"width":800}`,
	} {
		again := r.send("POST", "/v1/batch/screenshot", body, "Idempotency-Key", "k")
		expect(t, "status", again.status, http.StatusAccepted)
		expect(t, "body", string(again.body), string(first.body))
		expect(t, "Idempotent-Replayed", again.header.Get("Idempotent-Replayed"), "true")
	}
	r.clock.advance(2 * time.Hour)
	late := r.send("POST", "/v1/batch", `{"urls":["https://example.com/"],"width":800}`, "Idempotency-Key", "k")
	if late.job(t).ID == first.job(t).ID {
		t.Error("the key is still remembered after its life")
	}
}

func TestOneJobForManyEqualRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other := must(r.store.CreateKey(t.Context(), "other"))(t)
	var group sync.WaitGroup
	ids := make([]string, 30)
	for i := range ids {
		group.Go(func() {
			got := r.send("POST", "/v1/batch", `{"urls":["https://example.com/"]}`, "Idempotency-Key", "k")
			expect(t, "status", got.status, http.StatusAccepted)
			ids[i] = got.job(t).ID
		})
	}
	group.Wait()
	for _, id := range ids {
		expect(t, "id", id, ids[0])
	}
	expect(t, "jobs", r.jobs(t), 1)
	foreign := r.send("POST", "/v1/batch", `{"urls":["https://example.com/"]}`, "Idempotency-Key", "k", "Authorization", "Bearer "+other.Secret)
	if foreign.job(t).ID == ids[0] {
		t.Error("another key got this key's job")
	}
}

// Another key's job and one that never was get the same answer.
func TestAnotherKeysJobDoesNotExist(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.done("https://example.com/")
	r.key = must(r.store.CreateKey(t.Context(), "other"))(t).Secret
	for _, rest := range []string{"", "?wait=30", "/download"} {
		theirs := r.get("/v1/jobs/" + id + rest)
		nobodys := r.get("/v1/jobs/0195d4a2-0000-7000-8000-000000000000" + rest)
		expect(t, "status", theirs.status, http.StatusNotFound)
		expect(t, "answer", plain(t, theirs), plain(t, nobodys))
	}
}

func TestScreenshotAsksForWhatWasAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var asked []darkroom.CaptureRequest
	r.shoot = func(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
		asked = append(asked, request)
		_, limited := ctx.Deadline()
		expect(t, "limited", limited, true)
		return darkroom.Shot{
			Image: picture(), FinalURL: "https://example.com/\r\nX: y", Warnings: []string{"trimmed — at 16384 px"},
		}, nil
	}
	got := r.get("/v1/screenshot?url=HTTPS://EXAMPLE.com&format=jpeg&width=800&clip={%22x%22:1,%22y%22:2,%22width%22:3,%22height%22:4}")
	expect(t, "status", got.status, http.StatusOK)
	expect(t, "Content-Type", got.header.Get("Content-Type"), "image/jpeg")
	expect(t, "final URL", got.header.Get("X-Darkroom-Final-Url"), "https://example.com/%0D%0AX: y")
	expect(t, "warning", got.header.Get("X-Darkroom-Warning"), "trimmed %E2%80%94 at 16384 px")
	r.get("/v1/screenshot?url=https://example.com/")
	expect(t, "asked", len(asked), 2)
	expect(t, "URL", asked[0].URL, "https://example.com/")
	want := darkroom.Options{Format: "jpeg", Width: 800, Clip: &darkroom.Clip{X: 1, Y: 2, Width: 3, Height: 4}}
	if !reflect.DeepEqual(asked[0].Options, want) {
		t.Errorf("options %+v, want %+v", asked[0].Options, want)
	}
	if asked[0].Session == "" || asked[0].Session == asked[1].Session {
		t.Error("two screenshots share a session")
	}
}
