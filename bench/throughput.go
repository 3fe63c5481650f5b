package main

import (
	"context"
	"fmt"
	"slices"
)

// compareThroughput takes the corpus in turns through the service and the
// bare engine.
func compareThroughput(ctx context.Context, set settings, pages *web) error {
	for _, scene := range []struct {
		name string
		urls []string
	}{{"many sites", pages.manySites(set.pages)}, {"one site", pages.oneSite(set.pages)}} {
		if err := compareScene(ctx, set, scene.name, scene.urls, pages.trivial(8)); err != nil {
			return err
		}
	}
	return nil
}

func compareScene(ctx context.Context, set settings, name string, urls, warmUp []string) error {
	server, err := startService(ctx, set)
	if err != nil {
		return err
	}
	defer server.stop()
	if err := server.warm(ctx, warmUp); err != nil {
		return err
	}
	var ours, bare []round
	for range set.rounds {
		whole, err := server.round(ctx, urls)
		if err != nil {
			return err
		}
		engine, err := engineRound(ctx, set, urls)
		if err != nil {
			return err
		}
		ours, bare = append(ours, whole), append(bare, engine)
	}
	fmt.Printf("\n%s: %d pages, %d rounds interleaved, medians\n", name, len(urls), set.rounds)
	printRounds("whole way (API to archive)", ours)
	printRounds("bare engine", bare)
	fmt.Printf("  whole way / bare engine: rate %.3f, CPU s per capture %.3f\n",
		median(ours, round.rate)/median(bare, round.rate), median(ours, round.cost)/median(bare, round.cost))
	return nil
}

func printRounds(name string, rounds []round) {
	failed := 0
	for _, r := range rounds {
		failed += r.Failed
	}
	fmt.Printf("  %-28s %6.2f captures/s  %.3f CPU s each (%.3f of it ours)  peak %4.0f MB  server %3.0f MB  failed %d\n", name,
		median(rounds, round.rate), median(rounds, round.cost), median(rounds, round.own),
		median(rounds, func(r round) float64 { return float64(r.PeakRSS) / 1e6 }),
		median(rounds, func(r round) float64 { return float64(r.RootRSS) / 1e6 }), failed)
}

func median(rounds []round, figure func(round) float64) float64 {
	var values []float64
	for _, r := range rounds {
		values = append(values, figure(r))
	}
	return quantile(values, 0.5)
}

// quantile gives the value below which that part of the values lies.
func quantile(values []float64, part float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}
