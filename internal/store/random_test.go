package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/database/databasetest"
	"darkroom/internal/queue"
)

// world is a store under random operations, and what must be true of it
// whatever happens.
type world struct {
	*fixture

	random  *rand.Rand
	keys    []string
	held    []darkroom.Claim // by a worker that believes in them
	stale   []darkroom.Claim
	jobs    map[string]darkroom.Job // as last seen
	cached  int                     // captures that an earlier picture answered
	retried int                     // jobs
	page    Hint                    // a slot has kept it

	followed int             // captures of a page that was kept
	slots    map[string]bool // capture/attempt that was claimed: never twice, unless it was released
}

func TestRandomOperationsKeepTheBooks(t *testing.T) {
	followed := 0
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := &world{
				fixture: newFixture(t, 3), random: rand.New(rand.NewPCG(seed, 1)),
				jobs: map[string]darkroom.Job{}, slots: map[string]bool{},
			}
			w.keys = []string{w.key.ID, w.newKey("second").ID, w.newKey("third").ID}
			for range 250 {
				w.step()
				w.audit()
				w.watch()
			}
			w.drain()
			if w.cached == 0 {
				t.Error("no capture was answered by an earlier picture")
			}
			followed += w.followed
			if w.retried == 0 {
				t.Error("no job was tried again")
			}
		})
	}
	if followed == 0 {
		t.Error("no capture was taken of a page that was kept")
	}
}

func (w *world) step() {
	w.clock.forward(time.Duration(w.random.IntN(2000)) * time.Millisecond)
	switch w.random.IntN(34) {
	case 0, 1:
		w.create()
	case 2, 3, 4, 5, 6, 7, 8:
		w.claimSome()
	case 9, 10, 11, 12, 13:
		w.endOne()
	case 14:
		w.releaseOne()
	case 15:
		w.crash()
	case 16:
		w.lateResult()
	case 17:
		w.finishJobs()
	case 18:
		w.sweep()
	case 19:
		check(w.t, w.SucceedShift(w.t.Context(), instance))
	case 20:
		w.createCrawl()
	case 21, 22:
		w.discover()
	case 23:
		w.losePictures()
	case 24:
		w.look()
	case 25:
		w.cancelOne()
	case 26:
		w.deleteOne()
	case 27, 28, 29, 30:
		w.retryOne()
	case 31, 32, 33:
		w.servePage()
	}
}

// cancelOne cancels some job in any state, and now and then twice.
func (w *world) cancelOne() {
	id, ok := w.pickOne(`SELECT id FROM jobs`)
	if !ok {
		return
	}
	before := w.job(id)
	for range 1 + w.random.IntN(2) {
		job, err := w.CancelJob(w.t.Context(), before.KeyID, id)
		if darkroom.CodeOf(err) == darkroom.CodeConflict {
			if before.Cancelled || !before.Status.Terminal() && (before.Progress.Done() < before.Progress.Total || before.Progress.Expanding) {
				w.t.Fatalf("%+v could not be cancelled: %v", before, err)
			}
			return
		}
		check(w.t, err)
		if !job.Cancelled || job.Progress.Completed > before.Progress.Completed {
			w.t.Fatalf("cancelling made %+v of %+v", job, before)
		}
	}
	w.forgetHeld(id)
}

func (w *world) deleteOne() {
	id, ok := w.pickOne(`SELECT id FROM jobs`)
	if !ok {
		return
	}
	check(w.t, w.DeleteJob(w.t.Context(), w.job(id).KeyID, id))
	delete(w.jobs, id)
	w.forgetHeld(id)
	if _, err := w.JobForWork(w.t.Context(), id); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		w.t.Fatalf("a deleted job: %v", err)
	}
}

// forgetHeld has the worker go on with captures that are not its own any more.
func (w *world) forgetHeld(jobID string) {
	w.held = slices.DeleteFunc(w.held, func(claim darkroom.Claim) bool {
		gone := claim.JobID == jobID
		if gone {
			w.stale = append(w.stale, claim)
		}
		return gone
	})
}

// retryOne captures again what failed in some job.
func (w *world) retryOne() {
	id, ok := w.pickOne(`SELECT id FROM jobs WHERE status IN ('partial', 'failed')`)
	if !ok {
		return
	}
	old := w.job(id)
	job, replayed, err := w.RetryJob(w.t.Context(), NewRetry{KeyID: old.KeyID, JobID: id, Deadline: 10 * time.Minute})
	code := darkroom.CodeOf(err)
	if code == darkroom.CodeExpired && old.Expired(w.clock.now) || code == darkroom.CodeConflict {
		return
	}
	if must(w.t, replayed, err) || job.Progress.Total != old.Progress.Total || job.Progress.Completed != old.Progress.Completed {
		w.t.Fatalf("a retry of %+v is %+v", old, job)
	}
	w.retried++
	w.jobs[job.ID] = job
}

func (w *world) create() {
	priority := darkroom.PriorityNormal
	if w.random.IntN(3) == 0 {
		priority = darkroom.PriorityLow
	}
	job := w.submit(NewJob{
		KeyID: w.keys[w.random.IntN(len(w.keys))], Targets: targets(1+w.random.IntN(8), 1+w.random.IntN(4)), Priority: priority,
		HostConcurrency: 1 + w.random.IntN(3), HostDelay: time.Duration(w.random.IntN(2)) * time.Second,
		Deadline: time.Duration(1+w.random.IntN(20)) * time.Minute, Retention: time.Duration(1+w.random.IntN(10)) * time.Minute,
		CallbackURL: []string{"", "https://hook.test/"}[w.random.IntN(2)],
		Variants:    w.someVariants(), Options: darkroom.Options{Cache: w.random.IntN(3) == 0, CacheTTL: 60},
	})
	w.jobs[job.ID] = job
}

func (w *world) createCrawl() {
	job := w.submit(NewJob{
		KeyID: w.keys[w.random.IntN(len(w.keys))], Crawl: crawlOf(1 + w.random.IntN(20)), HostConcurrency: 1 + w.random.IntN(3),
		Deadline: time.Duration(1+w.random.IntN(20)) * time.Minute, Retention: time.Minute,
		Variants: w.someVariants(), Options: darkroom.Options{Cache: w.random.IntN(3) == 0, CacheTTL: 60},
	})
	w.jobs[job.ID] = job
}

// discover goes on with the reading of some sitemap, as two that know nothing
// of each other.
func (w *world) discover() {
	id, ok := w.pickOne(`SELECT id FROM jobs WHERE expanding = 1`)
	if !ok {
		return
	}
	ctx := w.t.Context()
	job, ok, err := w.BeginDiscovery(ctx, id)
	if !must(w.t, ok, err) {
		w.t.Fatalf("the reading of %s has ended by itself", id)
	}
	after := job.URLs()
	page := targets(after+w.random.IntN(6), 1+w.random.IntN(4))[after:]
	for i := range page {
		page[i].Delay = time.Duration(w.random.IntN(2)) * time.Second
		if w.random.IntN(4) == 0 {
			page[i].Refusal = &darkroom.Failure{Code: darkroom.CodeRobotsDenied, Message: "No"}
		}
	}
	if after+len(page) > job.Crawl.MaxPages {
		var failure *darkroom.Error
		if w.random.IntN(2) == 0 {
			failure = darkroom.Errorf(darkroom.CodeSitemapInvalid, "It breaks off")
		}
		check(w.t, w.EndDiscovery(ctx, id, after, darkroom.Discovery{}, failure))
		page = nil
	} else if _, err := w.AddTargets(ctx, id, after, page, darkroom.Discovery{Found: after + len(page)}); err != nil {
		w.t.Fatal(err)
	}
	late := targets(after+2, 1)[after:]
	if _, err := w.AddTargets(ctx, id, after+1+len(page), late, darkroom.Discovery{}); darkroom.CodeOf(err) != darkroom.CodeConflict {
		w.t.Fatalf("whoever knows of other captures may add some: %v", err)
	}
}

// losePictures finds pictures missing in a job that is about to finish.
func (w *world) losePictures() {
	id, ok := w.pickOne(ready)
	if !ok {
		return
	}
	var lost []darkroom.Capture
	for _, capture := range w.captures(id) {
		if w.random.IntN(3) == 0 {
			lost = append(lost, capture) // failed ones too: they have no picture to lose
		}
	}
	if _, err := w.Retake(w.t.Context(), id, lost); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) pickOne(query string) (id string, ok bool) {
	all, err := queryAll(w.t.Context(), w.db.Read(w.t.Context()), scanText, query)
	if len(must(w.t, all, err)) == 0 {
		return "", false
	}
	return all[w.random.IntN(len(all))], true
}

func (w *world) claimSome() {
	hint := Hint{}
	if len(w.held) > 0 {
		hint = hintOf(w.held[w.random.IntN(len(w.held))])
	}
	if w.page.JobID != "" && w.random.IntN(4) > 0 {
		hint = w.page
	}
	w.page = Hint{}
	claim, ok, err := w.Claim(w.t.Context(), instance, hint)
	if !must(w.t, ok, err) {
		return
	}
	if claim.Cached {
		w.cached++
		return
	}
	id := fmt.Sprint(claim.CaptureID, " ", claim.Attempt)
	if w.slots[id] {
		w.t.Fatalf("%s was claimed twice", id)
	}
	w.slots[id] = true
	w.held = append(w.held, claim)
	alone := slices.ContainsFunc(w.held, func(c darkroom.Claim) bool { return c.Lost >= darkroom.LostBeforeAlone })
	if alone && len(w.held) > 1 {
		w.t.Fatalf("a capture that must be alone is not: %+v", w.held)
	}
}

func (w *world) takeHeld() (darkroom.Claim, bool) {
	if len(w.held) == 0 {
		return darkroom.Claim{}, false
	}
	i := w.random.IntN(len(w.held))
	claim := w.held[i]
	w.held = slices.Delete(w.held, i, i+1)
	return claim, true
}

func (w *world) endOne() {
	claim, ok := w.takeHeld()
	if !ok {
		return
	}
	outcome := w.picture(claim)
	switch w.random.IntN(6) {
	case 0:
		outcome = failure(darkroom.CodeTLSError)
	case 2:
		outcome = failure(darkroom.CodeHTTPError)
		outcome.Rest = w.clock.now.Add(darkroom.HostRest(claim.Rests+1, 0, 0))
		outcome.RetryAt = w.clock.now.Add(time.Duration(w.random.IntN(10)) * time.Second)
	case 1:
		outcome = failure(darkroom.CodeTimeout)
		outcome.RetryAt = w.clock.now.Add(time.Duration(w.random.IntN(60)) * time.Second)
	}
	if w.random.IntN(2) == 0 {
		outcome = witnessed(claim, outcome)
	}
	if outcome.Kept = claim.Followed && outcome.Err == nil && w.random.IntN(4) > 0; outcome.Kept {
		w.page = hintOf(claim)
		w.page.PageOf = claim.Ordinal
	}
	w.end(claim, outcome)
	w.stale = append(w.stale, claim)
}

// look makes a thumbnail of some picture, whether there is one or not.
func (w *world) look() {
	picture, ok := w.pickOne(`SELECT key FROM artifacts WHERE content_type = 'image/png'`)
	if !ok {
		return
	}
	kept, err := w.KeepThumbnail(w.t.Context(), picture, darkroom.Artifact{Key: fmt.Sprint("look-", w.random.Uint64())})
	must(w.t, kept, err)
}

func (w *world) releaseOne() {
	if claim, ok := w.takeHeld(); ok {
		check(w.t, w.ReleaseCapture(w.t.Context(), claim))
		delete(w.slots, fmt.Sprint(claim.CaptureID, " ", claim.Attempt))
	}
}

func (w *world) crash() {
	if w.random.IntN(2) == 0 {
		w.dropTasks()
	}
	if n := w.recoverAll(); n != len(w.held) {
		w.t.Fatalf("%d set back, %d were held", n, len(w.held))
	}
	w.stale = append(w.stale, w.held...)
	w.held = nil
}

func (w *world) lateResult() {
	if len(w.stale) == 0 {
		return
	}
	claim := w.stale[w.random.IntN(len(w.stale))]
	held := slices.ContainsFunc(w.held, func(c darkroom.Claim) bool {
		return c.CaptureID == claim.CaptureID && c.Attempt == claim.Attempt
	})
	if held {
		return // released and claimed again: it cannot be told apart, and need not be
	}
	if kept, err := w.FinishCapture(w.t.Context(), claim, success(claim)); must(w.t, kept, err) {
		w.t.Fatalf("the stale result of %+v was kept", claim)
	}
}

const ready = `SELECT id FROM jobs WHERE status = 'processing' AND completed + failed = total AND expanding = 0`

func (w *world) finishJobs() {
	jobs, err := queryAll(w.t.Context(), w.db.Read(w.t.Context()), scanText, ready)
	for _, id := range must(w.t, jobs, err) {
		w.finish(id)
	}
}

func (w *world) sweep() {
	ctx := w.t.Context()
	_, err := w.FailOverdue(ctx)
	check(w.t, err)
	check(w.t, w.ForgetKeys(ctx, w.expiredKeys(10)))
	_, err = w.PurgeHistory(ctx, time.Minute)
	check(w.t, err)
}

// watch compares each job with what was seen of it before: progress never goes
// back, and what is terminal never changes.
func (w *world) watch() {
	for id, before := range w.jobs {
		now, err := w.JobForWork(w.t.Context(), id)
		if darkroom.CodeOf(err) == darkroom.CodeNotFound && before.Status.Terminal() {
			delete(w.jobs, id)
			continue
		}
		check(w.t, err)
		if now.Progress.Done() < before.Progress.Done() || now.Progress.Failed < before.Progress.Failed ||
			now.Progress.Total < before.Progress.Total || !before.Progress.Expanding && now.Progress.Expanding ||
			now.Progress.Percentage(now.Status) < before.Progress.Percentage(before.Status) {
			w.t.Fatalf("progress of %s went from %+v to %+v", id, before.Progress, now.Progress)
		}
		if before.Status.Terminal() && (now.Status != before.Status || now.Progress != before.Progress || !now.ExpiresAt.Equal(before.ExpiresAt)) {
			w.t.Fatalf("terminal job changed from %+v to %+v", before, now)
		}
		w.jobs[id] = now
	}
}

// drain lets everything come to its end: nothing may be stuck.
func (w *world) drain() {
	for _, job := range w.jobs {
		if now := w.job(job.ID); now.Progress.Expanding {
			w.endDiscovery(now, nil)
		}
	}
	for range 5000 {
		for len(w.held) > 0 {
			claim, _ := w.takeHeld()
			w.end(claim, success(claim))
		}
		claim, ok, err := w.Claim(w.t.Context(), instance, Hint{})
		if must(w.t, ok, err) {
			if !claim.Cached {
				w.held = append(w.held, claim)
			}
			continue
		}
		at, ok, err := w.NextDue(w.t.Context())
		if !must(w.t, ok, err) {
			break
		}
		if !at.After(w.clock.now) {
			w.t.Fatalf("something is due since %v and cannot be claimed", at)
		}
		w.clock.now = at
	}
	_, err := w.FailOverdue(w.t.Context())
	check(w.t, err)
	w.finishJobs()
	w.audit()
	if n := w.number(`SELECT count(*) FROM jobs WHERE status IN ('pending', 'processing')`); n != 0 {
		w.t.Errorf("%d jobs never ended", n)
	}
	if n := w.number(`SELECT coalesce(sum(queued) + sum(running), 0) FROM api_keys`); n != 0 {
		w.t.Errorf("%d captures left", n)
	}
}

// Real slots and requests at once, each capture exactly once.
func TestParallelWorkersTakeEachCaptureOnce(t *testing.T) {
	s := openStore(t, databasetest.Config(t, prepare), Config{SecretKey: secretKey, Slots: 4})
	f := &fixture{Store: s, t: t, clock: newClock()}
	f.key = f.newKey("first")
	const jobs, each = 4, 25
	var all sync.WaitGroup
	for range jobs {
		all.Go(func() {
			request := NewJob{KeyID: f.key.ID, Kind: darkroom.KindBatch, Targets: targets(each, 5)}
			if _, _, err := s.CreateJob(t.Context(), request); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var mu sync.Mutex
	taken := map[string]int{}
	for slot := range 6 {
		all.Go(func() {
			hint := Hint{}
			for {
				claim, ok, err := s.Claim(t.Context(), fmt.Sprint("instance-", slot%2), hint)
				if err != nil {
					t.Error(err)
				}
				if !ok {
					return
				}
				hint = hintOf(claim)
				kept, err := s.FinishCapture(t.Context(), claim, success(claim))
				if err != nil || !kept {
					t.Errorf("kept %v, error %v", kept, err)
				}
				mu.Lock()
				taken[claim.CaptureID]++
				mu.Unlock()
				for range f.Captures(t.Context(), claim.JobID) { // readers in between
					break
				}
			}
		})
	}
	all.Wait()
	if len(taken) != jobs*each {
		t.Errorf("%d of %d captures were taken", len(taken), jobs*each)
	}
	for id, times := range taken {
		if times != 1 {
			t.Errorf("%s was taken %d times", id, times)
		}
	}
	f.audit()
	if n := f.tasks(queue.Finish); n != jobs {
		t.Errorf("%d finish tasks for %d jobs", n, jobs)
	}
}
