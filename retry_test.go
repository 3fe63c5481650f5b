package darkroom_test

import (
	"testing"
	"time"

	"darkroom"
)

// Restarts in a row must last minutes before a capture that is not to blame is
// given up.
func TestLostCapturesOutliveAStormOfRestarts(t *testing.T) {
	if wait := darkroom.LostBackoff(1); wait != 0 {
		t.Errorf("after the first loss it waits %s", wait)
	}
	var all time.Duration
	for lost := range darkroom.MaxLostAttempts {
		wait := darkroom.LostBackoff(lost)
		if wait > time.Minute {
			t.Errorf("after %d losses it waits %s", lost, wait)
		}
		all += wait
	}
	if all < 2*time.Minute {
		t.Errorf("it is given up after %s", all)
	}
}
