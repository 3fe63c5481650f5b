package store

import (
	"slices"
	"testing"

	"darkroom"
)

// Whoever reads the changes from any number on sees the last state of all that
// has changed since, and nothing else.
func TestChangesAreNumberedInTheOrderOfTheirCommits(t *testing.T) {
	f := newFixture(t, 2)
	other := f.submit(NewJob{Targets: targets(1, 1)})
	job := f.submit(NewJob{Targets: targets(4, 1)})
	begin, err := f.LastChange(t.Context(), f.key.ID)
	check(t, err)
	if begin != 2 || must(t, f.change(job.ID), nil) != 2 {
		t.Fatalf("after two jobs the last change is %d", begin)
	}
	f.end(f.claim(Hint{}), success(darkroom.Claim{JobID: other.ID, Ordinal: 1, Attempt: 1, Instance: instance}))
	first := f.claim(Hint{})
	f.end(first, success(first))
	second := f.claim(Hint{})
	middle := f.change(job.ID)
	f.end(second, failure(darkroom.CodeHTTPError))
	if got := f.changed(job.ID, middle); !slices.Equal(got, []string{"2 failed"}) {
		t.Errorf("after the failure %v", got)
	}
	_, err = f.CancelJob(t.Context(), f.key.ID, job.ID)
	check(t, err)
	if got, want := f.changed(job.ID, begin), []string{"1 completed", "2 failed", "3 failed", "4 failed"}; !slices.Equal(got, want) {
		t.Errorf("from the beginning on %v, want %v", got, want)
	}
	f.finish(job.ID)
	jobs, err := f.ChangedJobs(t.Context(), f.key.ID, begin, 10)
	check(t, err)
	if len(jobs) != 2 || jobs[0].ID != other.ID || jobs[1].ID != job.ID || jobs[1].Status != darkroom.StatusPartial || jobs[1].Change != f.change(job.ID) {
		t.Errorf("changed jobs %+v", jobs)
	}
	if got := f.changed(job.ID, jobs[1].Change); got != nil {
		t.Errorf("after the last change %v", got)
	}
}

// Many captures may share a number: a page of them is continued by the ordinal.
func TestChangesOfOneNumberAreReadInPages(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(5, 1)})
	_, err := f.CancelJob(t.Context(), f.key.ID, job.ID)
	check(t, err)
	var seen []int
	var after int64
	for ordinal := 0; ; {
		page, err := f.ChangedResults(t.Context(), job.ID, after, ordinal, 2)
		check(t, err)
		for _, one := range page {
			seen, after, ordinal = append(seen, one.Ordinal), one.Change, one.Ordinal
		}
		if len(page) < 2 {
			break
		}
	}
	if !slices.Equal(seen, []int{1, 2, 3, 4, 5}) {
		t.Errorf("captures %v", seen)
	}
}

func (f *fixture) change(jobID string) int64 {
	f.t.Helper()
	number, err := f.JobChange(f.t.Context(), jobID)
	return must(f.t, number, err)
}

func (f *fixture) changed(jobID string, after int64) (states []string) {
	f.t.Helper()
	page, err := f.ChangedResults(f.t.Context(), jobID, after, 1<<30, 10)
	check(f.t, err)
	for _, one := range page {
		states = append(states, one.ID[len(jobID)+1:]+" "+string(one.State))
	}
	return states
}
