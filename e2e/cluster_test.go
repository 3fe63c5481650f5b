package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/client"
	"darkroom/internal/api"
)

const (
	staleCommit = "a capture was not this worker's any more; its result is thrown away"
	staleStop   = "a capture was stopped: it is not this worker's any more"
)

// Two instances that answer requests and three that take pictures share a
// database and an object store. Every few seconds one of them is killed or
// stands still until others have taken what it held, and the database is started
// again twice. Nobody who watches sees anything go back, nothing is lost, and
// nothing is there twice.
func TestACluster(t *testing.T) {
	urls, pagesOfCrawl := length(40, 1000, 5000), length(20, 100, 1000)
	every, still := 2*time.Second, 2*time.Second
	if length(0, 1, 1) == 1 {
		every, still = 5*time.Second, 27*time.Second // 20 s without a heartbeat, and 5 until somebody looks
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	c := openCluster(t, rand.New(rand.NewPCG(seed, 0)), still, "api", "worker", "api", "worker", "worker")
	w := &witness{t: t, cluster: c, base: site(t), hooks: receive(t), jobs: map[string]int{}}
	began := time.Now()
	batch := w.submit("/v1/batch", urls, map[string]any{"urls": pages(w.base, urls)})
	crawl := w.submit("/v1/sitemap", pagesOfCrawl, map[string]any{
		"sitemap_url": fmt.Sprintf("%s/sitemap/%d", w.base, pagesOfCrawl), "max_pages": pagesOfCrawl, "host_concurrency": 8,
	})
	hooked := w.answerHooks()
	defer hooked()
	watched := w.watch(batch, crawl)
	restarts := c.run(w, batch, crawl, urls+pagesOfCrawl, every)
	watched()
	took := time.Since(began)
	w.checkAll()
	fmt.Printf("cluster: %d captures in %s; %d kills, %d stops (%d in the middle of storing a picture), %d restarts of PostgreSQL\n",
		urls+pagesOfCrawl+w.small*3, took.Round(time.Second), c.kills, c.stops, c.inTheMiddle, restarts)
	fmt.Printf("cluster: %d stale commits were rejected, %d stale captures broken off; longest time without an ended capture %s; two streams read over %d connections\n",
		c.said(staleCommit), c.said(staleStop), w.longest.Round(100*time.Millisecond), w.connections)
	if length(0, 1, 1) == 1 && c.said(staleCommit) == 0 {
		t.Error("no stale commit was rejected: nothing was shown about that")
	}
	if c.said("panic") > 0 {
		t.Error("an instance panicked")
	}
}

// run disturbs the cluster until both jobs have ended, and sends small jobs
// meanwhile.
func (c *cluster) run(w *witness, batch, crawl string, total int, every time.Duration) (restarts int) {
	c.t.Helper()
	next, small := time.Now().Add(every), time.Now()
	for until := time.Now().Add(15 * time.Minute); time.Now().Before(until) && !c.t.Failed(); time.Sleep(20 * time.Millisecond) {
		now := time.Now()
		c.restore(now)
		ended := w.ended(batch) + w.ended(crawl)
		if w.over(batch) && w.over(crawl) {
			return restarts
		}
		if restarts < 2 && ended > (restarts+1)*total/3 {
			restarts++
			c.server.Stop()
			c.server.Start()
		}
		if now.After(next) {
			next = now.Add(every)
			c.disturb()
		}
		if now.Sub(small) > 2*every {
			small = now
			w.small++
			w.submit("/v1/batch", 3, map[string]any{"urls": pages(w.base, 3)})
		}
	}
	c.t.Errorf("the jobs have not ended: %d of %d", w.ended(batch)+w.ended(crawl), total)
	return restarts
}

// witness is everybody who uses the cluster and watches it.
type witness struct {
	t           *testing.T
	cluster     *cluster
	base        string
	hooks       *receiver
	small       int
	connections int

	mu      sync.Mutex
	jobs    map[string]int // captures of each that was accepted
	seen    map[string]darkroom.JobAnswer
	last    time.Time // when a capture was last seen to end
	longest time.Duration
}

// call asks any instance, and asks again while none answers or one says that it
// cannot.
func (w *witness) call(ctx context.Context, method, path string, header map[string]string, body any) (*http.Response, []byte) {
	var text []byte
	if body != nil {
		var err error
		text, err = json.Marshal(body)
		must(w.t, err)
	}
	for {
		answer, content, err := w.ask(ctx, method, path, header, text)
		if err == nil && answer.StatusCode != http.StatusServiceUnavailable {
			return answer, content
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// ask makes one request over a connection of its own.
func (w *witness) ask(ctx context.Context, method, path string, header map[string]string, body []byte) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, w.cluster.url()+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.Close = true
	request.Header.Set("Authorization", "Bearer "+apiKey)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return answer, content, err
}

// submit sends a job until it is accepted, always with the same
// Idempotency-Key.
func (w *witness) submit(path string, captures int, body map[string]any) string {
	w.t.Helper()
	body["callback_url"] = w.hooks.url
	answer, content := w.call(w.t.Context(), "POST", path, map[string]string{"Idempotency-Key": fmt.Sprint(time.Now().UnixNano())}, body)
	if answer == nil || answer.StatusCode != http.StatusAccepted {
		w.t.Fatalf("%s answers %v %s", path, answer, content)
	}
	job := decode[darkroom.JobAnswer](w.t, content)
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, twice := w.jobs[job.ID]; twice {
		w.t.Errorf("job %s was accepted twice", job.ID)
	}
	w.jobs[job.ID] = captures
	return job.ID
}

// poll reads a job from one instance after the other until it has ended, and
// holds that nothing goes back.
func (w *witness) poll(ctx context.Context, id string) {
	for before := (darkroom.JobAnswer{}); ctx.Err() == nil && !before.Status.Terminal(); {
		answer, content := w.call(ctx, "GET", darkroom.JobPath(id), nil, nil)
		if answer == nil {
			return
		}
		if answer.StatusCode != http.StatusOK {
			w.t.Errorf("job %s answers %d %s after it was accepted", id, answer.StatusCode, content)
			return
		}
		var now darkroom.JobAnswer
		if err := json.Unmarshal(content, &now); err != nil {
			w.t.Errorf("job %s answers %s", id, content)
			return
		}
		checkForward(w.t, before, now)
		if p := now.Progress; p.Completed+p.Failed > p.Total {
			w.t.Errorf("more captures have ended than there are: %+v", p)
		}
		w.note(id, now)
		before = now
		time.Sleep(50 * time.Millisecond) // as a dashboard would
	}
}

func (w *witness) note(id string, job darkroom.JobAnswer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen, w.last = map[string]darkroom.JobAnswer{}, time.Now()
	}
	before := w.seen[id].Progress
	if w.seen[id] = job; job.Progress.Completed+job.Progress.Failed > before.Completed+before.Failed {
		w.longest = max(w.longest, time.Since(w.last))
		w.last = time.Now()
	}
}

func (w *witness) ended(id string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.seen[id].Progress
	return p.Completed + p.Failed
}

func (w *witness) over(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[id].Status.Terminal()
}

// watch polls jobs and reads their events, to the end of each. done waits for
// that, unless the test has failed.
func (w *witness) watch(ids ...string) (done func()) {
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Minute)
	var watching sync.WaitGroup
	for _, id := range ids {
		watching.Go(func() { w.poll(ctx, id) })
		watching.Go(func() { w.listen(ctx, id) })
	}
	return func() {
		if w.t.Failed() {
			cancel()
		}
		watching.Wait()
		cancel()
	}
}

// listen reads the events of a job to its end, wherever they come from, and
// holds that each capture was seen to end that had not before the first event.
func (w *witness) listen(ctx context.Context, id string) {
	ended, before, began := map[int]bool{}, -1, time.Now()
	for event, err := range client.New(w.cluster.url(), apiKey, client.WithHTTPClient(&http.Client{Transport: w.counting()})).Watch(ctx, id) {
		switch {
		case err != nil:
			w.t.Errorf("the stream of job %s: %v", id, err)
			return
		case event.Job != nil && before < 0:
			if before = event.Job.Progress.Completed + event.Job.Progress.Failed; before > 0 {
				w.t.Logf("job %s had %d ended captures when its stream began, after %s", id, before, time.Since(began))
			}
		case event.Capture != nil && event.Capture.State.Terminal():
			ended[event.Capture.Index] = true
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(ended)+before < w.jobs[id] || len(ended) > w.jobs[id] {
		w.t.Errorf("the stream of job %s told of the end of %d captures, want %d without the %d before it", id, len(ended), w.jobs[id], before)
	}
}

// counting counts connections: each request has its own, to any instance.
func (w *witness) counting() http.RoundTripper {
	transport := &http.Transport{DisableKeepAlives: true}
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		w.mu.Lock()
		w.connections++
		w.mu.Unlock()
		return transport.RoundTrip(r)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answerHooks holds that the archive can be had by whoever is told of the end,
// until end is called.
func (w *witness) answerHooks() (end func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var answering sync.WaitGroup
	answering.Go(func() { w.answer(ctx) })
	return func() {
		cancel()
		answering.Wait()
	}
}

func (w *witness) answer(ctx context.Context) {
	for looked := 0; ; {
		select {
		case <-w.hooks.hit:
		case <-ctx.Done():
			return
		}
		all := w.hooks.all()
		for _, hook := range all[looked:] {
			id := hook.job(w.t)
			if answer, _ := w.call(ctx, "HEAD", darkroom.DownloadPath(id), nil, nil); answer != nil && answer.StatusCode != http.StatusOK {
				w.t.Errorf("the end of job %s was told, and its download answers %d", id, answer.StatusCode)
			}
		}
		looked = len(all)
	}
}

// checkAll reads every archive from an instance that has made none of its
// pictures, while all that have are gone, and then from another.
func (w *witness) checkAll() {
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	c := w.cluster
	for id := range w.jobs {
		w.poll(ctx, id)
	}
	w.hooks.checkOnePerJob(w.t, len(w.jobs))
	told := len(w.hooks.all())
	c.restore(time.Now().Add(time.Hour))
	for _, m := range c.members {
		c.await(m)
	}
	w.checkJobs(ctx)
	survivor := c.members[0]
	for _, m := range c.members[1:] {
		m.process.kill()
		c.away(m, false, 0)
	}
	archives := map[string][]byte{}
	for id, count := range w.jobs {
		_, archives[id] = survivor.process.call("GET", darkroom.DownloadPath(id), nil)
		open(w.t, archives[id]).checkPictures(w.t, count)
		for _, result := range survivor.process.results(id) {
			if result.State != darkroom.CaptureCompleted {
				w.t.Errorf("capture %d of job %s is %s", result.Index, id, result.State)
			}
		}
	}
	other := c.members[2]
	c.launch(other)
	c.await(other)
	survivor.process.kill()
	for id, want := range archives {
		if _, got := other.process.call("GET", darkroom.DownloadPath(id), nil); !bytes.Equal(got, want) {
			w.t.Errorf("another instance gives another archive of job %s", id)
		}
	}
	if n := len(w.hooks.all()); n != told {
		w.t.Errorf("%d webhooks more were sent after all were delivered", n-told)
	}
}

// checkJobs holds the list of jobs against what was accepted.
func (w *witness) checkJobs(ctx context.Context) {
	var listed []string
	for more := true; more; {
		answer, content := w.call(ctx, "GET", fmt.Sprintf("/v1/jobs?limit=100&offset=%d", len(listed)), nil, nil)
		if answer == nil || answer.StatusCode != http.StatusOK {
			w.t.Fatalf("the list of jobs answers %v %s", answer, content)
		}
		page := decode[api.ListAnswer](w.t, content)
		for _, job := range page.Jobs {
			listed = append(listed, job.ID)
		}
		more = page.HasMore
	}
	accepted := make([]string, 0, len(w.jobs))
	for id := range w.jobs {
		accepted = append(accepted, id)
	}
	slices.Sort(accepted)
	slices.Sort(listed)
	if !slices.Equal(accepted, listed) {
		w.t.Errorf("accepted were %s, there are %s", strings.Join(accepted, " "), strings.Join(listed, " "))
	}
}
