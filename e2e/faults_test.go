package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/bucket/buckettest"
)

// outage is a way in which a dependency goes away and comes back.
type outage struct {
	name  string
	begin func(p *places)
	end   func(p *places) // nil = it is over at once
	away  int             // s in the long form
	short int             // s in the short one; 0 = not there
}

var databaseOutages = []outage{
	{"restarted", func(p *places) { p.server.Stop() }, func(p *places) { p.server.Start() }, 5, 1},
	{"whose connections are terminated", func(p *places) { p.server.Terminate() }, nil, 0, 0},
	{"out of reach, and its connections last", func(p *places) { p.toDatabase.standStill() }, func(p *places) { p.toDatabase.goOn() }, 30, 0},
	{"out of reach, and its connections break", func(p *places) { p.toDatabase.standStill() }, func(p *places) { p.toDatabase.breakAll(); p.toDatabase.goOn() }, 5, 0},
}

// duration is how long the outage lasts in this run, at least.
func (o outage) duration() time.Duration {
	return time.Duration(length(o.short, o.away, o.away)) * time.Second
}

// Whatever happens to the database while a job runs, nothing is lost or done
// twice, callers are told, and work goes on soon after.
func TestTheDatabaseGoesAway(t *testing.T) {
	p := openPlaces(t)
	base, hooks := site(t), receive(t)
	front := p.all.start(t, t.TempDir(), "api")
	worker := p.all.start(t, t.TempDir(), "worker", "--concurrency", "2")
	var jobs []string
	const count = 20
	for _, outage := range databaseOutages {
		if length(outage.short, 1, 1) == 0 {
			continue
		}
		job := front.submit(map[string]any{"urls": pages(base, count), "callback_url": hooks.url, "host_delay": 100})
		jobs = append(jobs, job.ID)
		front.underWay(job)
		outage.begin(p)
		if outage.end != nil {
			began := time.Now()
			checkDatabaseIsMissed(t, outage, front, worker)
			time.Sleep(max(0, outage.duration()-time.Since(began))) // so long it is away
			outage.end(p)
		}
		back := time.Now()
		front.awaitProgress(t, job.ID, -1, "database "+outage.name)
		front.waitReady()
		worker.waitReady()
		fmt.Printf("database %s: both are ready %s after it is back\n", outage.name, time.Since(back).Round(100*time.Millisecond))
	}
	checkAllWhole(t, front, worker, hooks, jobs)
}

// checkDatabaseIsMissed asks for it, as callers and as those who watch.
func checkDatabaseIsMissed(t *testing.T, outage outage, front, worker *server) {
	t.Helper()
	for _, s := range []*server{front, worker} {
		told := s.awaitMissing("store", time.Minute)
		fmt.Printf("database %s: /readyz of %s says so after %s\n", outage.name, s.role(), told.Round(100*time.Millisecond))
	}
	asked := time.Now()
	answer, content, err := front.try("GET", "/v1/jobs", nil)
	fmt.Printf("database %s: a request is answered after %s\n", outage.name, time.Since(asked).Round(100*time.Millisecond))
	if err != nil || answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("database %s: a request is answered with %v %s (%v)", outage.name, answer, content, err)
	}
}

// checkAllWhole waits for jobs of good pages, each told of once.
func checkAllWhole(t *testing.T, front, worker *server, hooks *receiver, jobs []string) {
	t.Helper()
	for _, id := range jobs {
		ended := front.await(id, 2*time.Minute)
		if ended.Status != darkroom.StatusCompleted {
			t.Errorf("job ended %s %+v\n%s", ended.Status, ended.Progress, worker.log)
		}
		_, content := front.call("GET", darkroom.DownloadPath(id), nil)
		open(t, content).checkPictures(t, ended.Progress.Total)
	}
	hooks.checkOnePerJob(t, len(jobs))
}

var bucketOutages = []outage{
	{"that says it is busy", func(p *places) { p.objects.Break(buckettest.Busy) }, func(p *places) { p.objects.Break(nil) }, 5, 0},
	{"that cuts its connections", func(p *places) { p.objects.Break(buckettest.Reset) }, func(p *places) { p.objects.Break(nil) }, 5, 0},
	{"that refuses", func(p *places) { p.toObjects.refuse() }, func(p *places) { p.toObjects.accept() }, 20, 0},
	{"that does not answer", func(p *places) { p.toObjects.standStill() }, func(p *places) { p.toObjects.goOn() }, 5, 0},
}

// While the object store is away captures wait and cost no attempt, and every
// instance says what is missing.
func TestTheBucketGoesAway(t *testing.T) {
	if length(0, 1, 1) == 0 {
		t.Skip("a minute of outages: DARKROOM_LONG=1 runs it, as make test-slow does; the bucket's own tests have short ones")
	}
	p := openPlaces(t)
	base, hooks := site(t), receive(t)
	front := p.all.start(t, t.TempDir(), "api")
	worker := p.all.start(t, t.TempDir(), "worker", "--concurrency", "2")
	const count = 20
	var jobs []string
	for _, outage := range bucketOutages {
		job := front.submit(map[string]any{"urls": pages(base, count), "callback_url": hooks.url, "host_delay": 100})
		front.underWay(job)
		outage.begin(p)
		began := time.Now()
		for _, s := range []*server{front, worker} {
			told := s.awaitMissing("bucket", time.Minute)
			fmt.Printf("bucket %s: /readyz of %s says so after %s\n", outage.name, s.role(), told.Round(100*time.Millisecond))
		}
		small := front.submit(map[string]any{"urls": pages(base, 1), "callback_url": hooks.url}) // which needs no bucket yet
		jobs = append(jobs, job.ID, small.ID)
		time.Sleep(max(0, outage.duration()-time.Since(began))) // so long it is away
		_, content := front.call("GET", darkroom.JobPath(job.ID), nil)
		before := decode[darkroom.JobAnswer](t, content)
		if before.Status.Terminal() {
			t.Errorf("bucket %s: the job has ended %s without it", outage.name, before.Status)
		}
		outage.end(p)
		front.awaitProgress(t, job.ID, before.Progress.Completed, "bucket "+outage.name)
	}
	checkAllWhole(t, front, worker, hooks, jobs)
	for _, id := range jobs {
		for _, result := range front.results(id) {
			if result.Attempts > 1 {
				t.Errorf("capture %d of %s took %d attempts", result.Index, id, result.Attempts)
			}
		}
	}
}

// awaitMissing polls /readyz until it names the part that fails, and gives the
// time until then.
func (s *server) awaitMissing(part string, limit time.Duration) time.Duration {
	s.t.Helper()
	began := time.Now()
	var said string
	for time.Since(began) < limit {
		answer, content, err := s.try("GET", "/readyz?verbose", nil)
		if err == nil && answer.StatusCode == http.StatusServiceUnavailable {
			var body struct {
				Details []darkroom.Detail `json:"details"`
			}
			if json.Unmarshal(content, &body) == nil {
				for _, detail := range body.Details {
					if detail.Field == part {
						return time.Since(began)
					}
				}
			}
		}
		said = fmt.Sprintf("%s (%v)", content, err)
		time.Sleep(50 * time.Millisecond) // polling another process
	}
	s.t.Errorf("/readyz does not say that %s is missing: %s", part, said)
	return time.Since(began)
}

// awaitProgress waits until more captures have ended than had before; before is
// -1 where nobody could look, and then what is seen first counts. It prints how
// long that took.
func (s *server) awaitProgress(t *testing.T, id string, before int, what string) {
	t.Helper()
	for back := time.Now(); time.Since(back) < time.Minute; time.Sleep(20 * time.Millisecond) {
		job, err := s.look(t.Context(), id)
		if err != nil {
			continue
		}
		ended := job.Progress.Completed + job.Progress.Failed
		if before < 0 && !job.Status.Terminal() {
			before = ended
		}
		if ended > before {
			fmt.Printf("%s: the next capture ended %s after it is back\n", what, time.Since(back).Round(100*time.Millisecond))
			return
		}
	}
	t.Errorf("%s: no capture ended in a minute after it is back\n%s", what, s.log)
}

// look reads a job, no longer than a second.
func (s *server) look(ctx context.Context, id string) (job darkroom.JobAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", s.url+darkroom.JobPath(id), nil)
	if err != nil {
		return job, err
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return job, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return job, fmt.Errorf("status of %s: %s", id, answer.Status)
	}
	return job, json.NewDecoder(answer.Body).Decode(&job)
}

func (s *server) role() string {
	if strings.Contains(strings.Join(s.cmd.Args, " "), "--role worker") {
		return "a worker"
	}
	return "the front"
}
