package store

import (
	"testing"

	"darkroom"
	"darkroom/internal/trace"
)

// Whoever takes a job's captures goes on with the trace of the request that made
// the job.
func TestTheTraceOfAJob(t *testing.T) {
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	f := newFixture(t, 1)
	for _, traced := range []string{parent, ""} {
		ctx := trace.Continue(t.Context(), traced)
		job, _, err := f.CreateJob(ctx, NewJob{KeyID: f.key.ID, Kind: darkroom.KindBatch, Targets: targets(1, 1)})
		check(t, err)
		claim, ok, err := f.Claim(t.Context(), instance, Hint{})
		check(t, err)
		stored, err := f.JobForWork(t.Context(), job.ID)
		check(t, err)
		if !ok || claim.Trace != traced || stored.Trace != traced {
			t.Errorf("the trace is %q with the claim and %q with the job, want %q", claim.Trace, stored.Trace, traced)
		}
	}
}
