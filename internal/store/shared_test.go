package store

import (
	"slices"
	"testing"

	"darkroom"
)

// What ends together is written together, whoever's it is, and what is not its
// claim's any more changes nothing, whatever the others do.
func TestWhatEndsTogether(t *testing.T) {
	f := newFixture(t, 8)
	other := f.newKey("other")
	first := f.submit(NewJob{Targets: targets(3, 2)})
	second := f.submit(NewJob{KeyID: other.ID, Targets: targets(3, 2)})
	var together []*attempt
	for i := range 6 {
		claim := f.claim(Hint{})
		outcome := success(claim)
		if i == 4 {
			outcome = failure(darkroom.CodeTimeout)
			outcome.RetryAt = f.clock.now.Add(1)
		}
		together = append(together, &attempt{claim: claim, outcome: outcome})
	}
	stale := together[0]
	f.end(stale.claim, success(stale.claim))
	stale.outcome = failure(darkroom.CodeDNSError)
	check(t, f.finishAll(t.Context(), slices.Clone(together)))
	for i, one := range together {
		if one.kept != (one != stale) {
			t.Errorf("attempt %d: kept %t", i, one.kept)
		}
	}
	completed, failed := 0, 0
	for _, id := range []string{first.ID, second.ID} {
		progress := f.job(id).Progress
		completed, failed = completed+progress.Completed, failed+progress.Failed
	}
	if queued := f.number(`SELECT count(*) FROM captures WHERE state = 'queued'`); completed != 5 || failed != 0 || queued != 1 {
		t.Errorf("%d completed, %d failed, %d queued", completed, failed, queued)
	}
	f.audit()
}
