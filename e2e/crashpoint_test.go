package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"darkroom"
)

// scenario is what a crash is put into.
type scenario func(*crashRig, crashPoint)

// crashPoints are the places where a crash could tear apart what belongs
// together: between bytes and their row, between two transactions, in the
// middle of one, between an act and what was to be known of it.
func crashPoints() []struct {
	crashPoint
	scenario scenario
} {
	return []struct {
		crashPoint
		scenario scenario
	}{
		{crashPoint{"between our tables and the queue's", "./internal/store", "Migrate", "after", "Migrate"}, (*crashRig).firstStart},
		{crashPoint{"when there is a record of migrations and nothing in it", "./internal/database", "Migrate", "before", "Up"}, (*crashRig).firstStart},
		{crashPoint{"in the middle of accepting a job", "./internal/store", "insertJob", "after", "insertJobRow"}, (*crashRig).batch},
		{crashPoint{"when a job is accepted and nobody was told", "./internal/store", "CreateJob", "after", "update"}, (*crashRig).batch},
		{crashPoint{name: "when the 202 was read"}, (*crashRig).batch},
		{crashPoint{"when a capture is claimed", "./internal/worker", "step", "before", "take"}, (*crashRig).batch},
		{crashPoint{"when a picture has no name yet", "./internal/bucket", "write", "after", "fill"}, (*crashRig).batch},
		{crashPoint{"when a picture has its name", "./internal/bucket", "write", "after", "name"}, (*crashRig).batch},
		{crashPoint{"when a picture is stored and has no row", "./internal/worker", "finishCapture", "before", "insist"}, (*crashRig).batch},
		{crashPoint{"in the middle of recording a capture", "./internal/store", "finishAll", "after", "settleAll"}, (*crashRig).batch},
		{crashPoint{"when a capture is recorded", "./internal/store", "FinishCapture", "after", "join"}, (*crashRig).batch},
		{crashPoint{"when a manifest is stored and the job has not ended", "./internal/worker", "finishJob", "before", "FinishJob"}, (*crashRig).batch},
		{crashPoint{"in the middle of ending a job", "./internal/store", "finishJob", "after", "insertFiles"}, (*crashRig).batch},
		{crashPoint{"when a job has ended", "./internal/store", "FinishJob", "after", "update"}, (*crashRig).batch},
		{crashPoint{"when a webhook is sent and not recorded", "./internal/worker", "attempt", "after", "Send"}, (*crashRig).batch},
		{crashPoint{"when a webhook is recorded", "./internal/store", "RecordAttempt", "after", "update"}, (*crashRig).batch},
		{crashPoint{"in the middle of adding pages", "./internal/store", "addTargets", "after", "insertTargets"}, (*crashRig).crawl},
		{crashPoint{"when pages are added", "./internal/store", "AddTargets", "after", "update"}, (*crashRig).crawl},
		{crashPoint{"when a sitemap is read", "./internal/store", "EndDiscovery", "after", "update"}, (*crashRig).crawl},
		{crashPoint{"in the middle of giving up what has expired", "./internal/store", "release", "after", "Exec"}, (*crashRig).expire},
		{crashPoint{"in the middle of deleting what has expired", "./internal/worker", "deleteAll", "after", "Delete"}, (*crashRig).expire},
		{crashPoint{"when the bytes are deleted and their rows are not", "./internal/worker", "expire", "before", "ForgetKeys"}, (*crashRig).expire},
	}
}

// TestNothingIsLostAtAnyPoint kills the server exactly where it hurts, and
// holds it to the same promises as the random kills. The short form takes every
// third point, from another one on each time.
func TestNothingIsLostAtAnyPoint(t *testing.T) {
	rounds, step := length(1, 5, 50), length(3, 1, 1)
	table := crashPoints()
	var points []crashPoint
	for _, row := range table {
		if row.where != "" {
			points = append(points, row.crashPoint)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := &crashRig{
		t: t, program: buildWithCrashPoints(t, points), trigger: filepath.Join(t.TempDir(), "crash"),
		base: site(t), hooks: receive(t), random: rand.New(rand.NewPCG(seed, 0)), data: t.TempDir(), told: map[string]int{},
	}
	r.start()
	first := r.random.IntN(step)
	for range rounds {
		for i := first; i < len(table); i += step {
			table[i].scenario(r, table[i].crashPoint)
			if t.Failed() {
				t.Fatalf("after a crash %s\n%s", table[i].name, r.s.log)
			}
		}
	}
	r.checkTold()
	if orphans := r.deleteOrphans(); orphans == 0 && step == 1 {
		t.Error("no crash left an orphan: nothing was shown about them")
	}
	t.Logf("%d crashes, slowest restart %s", r.crashes, r.slowest.Round(time.Millisecond))
}

// crashRig is a server that dies at points, and what was seen of it.
type crashRig struct {
	t       *testing.T
	program string
	trigger string // the file that arms a point
	data    string
	base    string
	hooks   *receiver
	random  *rand.Rand
	s       *server

	jobs    int
	told    map[string]int // how often the job of that id may be told
	crashes int
	slowest time.Duration
}

func (r *crashRig) launch(data string) *server {
	cmd := serve(data)
	cmd.Path, cmd.Args[0] = r.program, r.program
	cmd.Env = []string{"DARKROOM_CRASH_FILE=" + r.trigger}
	return launch(r.t, data, cmd)
}

func (r *crashRig) start() {
	began := time.Now()
	r.s = r.launch(r.data).ready()
	r.slowest = max(r.slowest, time.Since(began))
}

// arm lets the next server that reaches the point for the n-th time die there.
func (r *crashRig) arm(point crashPoint, n int) {
	must(r.t, os.WriteFile(r.trigger, fmt.Appendf(nil, "%s@%d", point.name, n), 0o600))
}

// died waits for the death at the point that was armed.
func (r *crashRig) died(s *server, point crashPoint) {
	r.t.Helper()
	err := s.wait(60 * time.Second)
	must(r.t, os.Remove(r.trigger))
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		r.t.Fatalf("the point %q was not reached: %v\n%s", point.name, err, s.log)
	}
	r.crashes++
}

// batch crashes over a job and sees it to its end.
func (r *crashRig) batch(point crashPoint) {
	const count = 6
	r.jobs++
	body := map[string]any{"urls": pages(r.base, count), "callback_url": r.hooks.url}
	once := map[string]string{"Idempotency-Key": fmt.Sprintf("job-%d", r.jobs)}
	most := map[string]int{"when a capture is claimed": count, "when a picture has its name": count, "when a capture is recorded": count}
	r.arm(point, 1+r.random.IntN(max(1, most[point.name])))
	answer, content, err := r.s.tryWith(once, "POST", "/v1/batch", body)
	before := darkroom.JobAnswer{}
	if err == nil && answer.StatusCode == http.StatusAccepted {
		before = decode[darkroom.JobAnswer](r.t, content)
		if point.where != "" {
			r.watch(&before)
		}
	}
	if point.where == "" {
		r.s.kill()
		r.crashes++
	} else {
		r.died(r.s, point)
	}
	r.start()
	if answer, content, err = r.s.tryWith(once, "POST", "/v1/batch", body); err != nil || answer.StatusCode != http.StatusAccepted {
		r.t.Fatalf("asked again: %v %s", err, content)
	}
	job := decode[darkroom.JobAnswer](r.t, content)
	if before.ID != "" && job.ID != before.ID {
		r.t.Errorf("the job %s was accepted; asked again it is %s", before.ID, job.ID)
	}
	r.end(before, job.ID, count)
}

// crawl does the same with a sitemap.
func (r *crashRig) crawl(point crashPoint) {
	const count = 8
	r.jobs++
	r.arm(point, 1)
	before := r.s.crawl(map[string]any{
		"sitemap_url": fmt.Sprintf("%s/sitemap/%d", r.base, count), "max_pages": count, "callback_url": r.hooks.url, "host_concurrency": 8,
	})
	r.watch(&before)
	r.died(r.s, point)
	r.start()
	r.end(before, before.ID, count)
}

// watch looks at a job until the server has died.
func (r *crashRig) watch(job *darkroom.JobAnswer) {
	for {
		answer, content, err := r.s.try("GET", darkroom.JobPath(job.ID), nil)
		if err != nil {
			return
		}
		if answer.StatusCode != http.StatusOK {
			r.t.Errorf("job %s answers %d after it was accepted", job.ID, answer.StatusCode)
			return
		}
		after := decode[darkroom.JobAnswer](r.t, content)
		checkForward(r.t, *job, after)
		*job = after
		time.Sleep(5 * time.Millisecond) // polling another process
	}
}

// end sees a job to its end and checks all that is had of it.
func (r *crashRig) end(before darkroom.JobAnswer, id string, count int) {
	r.t.Helper()
	after := r.s.await(id, time.Minute)
	checkForward(r.t, before, after)
	if after.Status != darkroom.StatusCompleted || after.Progress.Total != count {
		r.t.Errorf("the job ends %s with %+v", after.Status, after.Progress)
	}
	_, content := r.s.call("GET", darkroom.DownloadPath(id), nil)
	open(r.t, content).checkPictures(r.t, count)
	_, content = r.s.call("GET", "/v1/jobs?limit=1", nil)
	if list := decode[struct{ Total int }](r.t, content); list.Total != r.jobs {
		r.t.Errorf("there are %d jobs, %d were asked for", list.Total, r.jobs)
	}
	r.told[id] = 2 // once more when the crash came between the sending and its record
}

// expire crashes while what has expired is deleted, which begins at a start.
func (r *crashRig) expire(point crashPoint) {
	const count = 3
	r.jobs++
	job := r.s.submit(map[string]any{"urls": pages(r.base, count), "retention": 1})
	job = r.s.await(job.ID, time.Minute)
	r.s.kill()
	time.Sleep(time.Until(job.ExpiresAt.Add(10 * time.Millisecond))) // a real clock in another process
	r.arm(point, 1)
	r.died(r.launch(r.data), point)
	r.start()
	if answer, content := r.s.call("GET", darkroom.DownloadPath(job.ID), nil); answer.StatusCode != http.StatusGone {
		r.t.Errorf("the download of an expired job answers %d %s", answer.StatusCode, content)
	}
	if after := r.s.await(job.ID, time.Second); after.Status != darkroom.StatusCompleted {
		r.t.Errorf("the expired job is %s", after.Status)
	}
	deadline := time.Now().Add(30 * time.Second)
	for len(r.stored(job.ID)) > 0 {
		if time.Now().After(deadline) {
			r.t.Fatalf("%v are left of an expired job", r.stored(job.ID))
		}
		time.Sleep(10 * time.Millisecond) // another process deletes
	}
}

// firstStart crashes while a new folder is set up.
func (r *crashRig) firstStart(point crashPoint) {
	data := r.t.TempDir()
	r.arm(point, 1)
	r.died(r.launch(data), point)
	for range 5 { // and anywhere in between
		killed := r.launch(data)
		time.Sleep(time.Duration(r.random.IntN(60)) * time.Millisecond) // chance is what is wanted
		killed.kill()
	}
	s := r.launch(data).ready()
	defer s.kill()
	job := s.await(s.submit(map[string]any{"urls": pages(r.base, 1)}).ID, time.Minute)
	if job.Status != darkroom.StatusCompleted {
		r.t.Errorf("the first job ends %s", job.Status)
	}
}

// stored lists the files of a job, or of all jobs.
func (r *crashRig) stored(jobID string) (files []string) {
	must(r.t, filepath.WalkDir(filepath.Join(r.data, "bucket", "jobs", jobID), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}))
	return files
}

// checkTold holds that every job was told, always with the same id and bytes,
// and again only where a crash made that unknown.
func (r *crashRig) checkTold() {
	r.hooks.checkOnePerJob(r.t, len(r.told))
	times := map[string]int{}
	for _, h := range r.hooks.all() {
		times[h.job(r.t)]++
	}
	for id, n := range times {
		if n > r.told[id] {
			r.t.Errorf("job %s was told %d times", id, n)
		}
	}
}

// deleteOrphans makes every file old, holds that the sweep deletes those
// without a row and no other, and counts them.
func (r *crashRig) deleteOrphans() int {
	r.s.kill()
	before := r.stored("")
	old := time.Now().Add(-2 * time.Hour)
	for _, file := range before {
		must(r.t, os.Chtimes(file, old, old))
	}
	r.start()
	want := 0
	for id := range r.told {
		_, content := r.s.call("GET", darkroom.DownloadPath(id), nil)
		want += len(open(r.t, content).files)
	}
	deadline := time.Now().Add(30 * time.Second)
	for len(r.stored("")) != want {
		if time.Now().After(deadline) {
			r.t.Fatalf("%d files are stored, and the archives have %d", len(r.stored("")), want)
		}
		time.Sleep(10 * time.Millisecond) // another process deletes
	}
	return len(before) - want
}
