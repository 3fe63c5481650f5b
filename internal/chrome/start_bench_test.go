package chrome

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"darkroom/internal/egress"
	"darkroom/internal/isolation"
)

// BenchmarkStart starts browsers without and with a namespace, in turns, and
// gives the medians in milliseconds.
func BenchmarkStart(b *testing.B) {
	modes := []isolation.Mode{isolation.Off, isolation.Required}
	engines := make([]*Engine, len(modes))
	policy, err := egress.NewPolicy(egress.Config{AllowPrivate: true})
	if err != nil {
		b.Fatal(err)
	}
	for i, mode := range modes {
		config := Config{RunDir: filepath.Join(b.TempDir(), "run"), Policy: policy, Log: quietLog(), Isolation: mode}
		if engines[i], err = New(b.Context(), config); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := engines[i].Close(); err != nil {
				b.Error(err)
			}
		})
	}
	taken := make([][]time.Duration, len(modes))
	for b.Loop() {
		for i, engine := range engines {
			taken[i] = append(taken[i], startOnce(b, engine))
		}
	}
	for i, times := range taken {
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms/"+string(modes[i]))
	}
}

func startOnce(b *testing.B, engine *Engine) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), generous)
	defer cancel()
	slot, err := engine.OpenSlot(ctx)
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := slot.Prepare(ctx); err != nil {
		b.Fatal(err)
	}
	taken := time.Since(began)
	if err := slot.Close(); err != nil {
		b.Fatal(err)
	}
	return taken
}
