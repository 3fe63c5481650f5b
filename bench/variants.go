package main

import (
	"context"
	"fmt"

	"darkroom"
	"darkroom/client"
)

// looks are pictures that can be taken of one load: of the window twice, and of
// an element.
func looks() []client.Variant {
	return []client.Variant{
		{Name: "png"},
		{Name: "jpeg", Options: client.Options{"format": "jpeg"}},
		{Name: "head", Options: client.Options{"selector": "h1"}},
	}
}

// measureVariants takes three pictures of each page: as variants, which share a
// load, and as three jobs, which do not. All three jobs wait at once, so that
// the slots are as busy as with one.
func measureVariants(ctx context.Context, b *bench) error {
	urls := b.web.manySites(b.mixed()[:max(b.set.pages/3, 1)])
	rows := []contender{
		b.variants("three variants, one job", urls, [][]client.Variant{looks()}),
		b.variants("three jobs of one picture each", urls, [][]client.Variant{looks()[:1], looks()[1:2], looks()[2:]}),
	}
	results := make([][]round, len(rows))
	for n := range b.set.rounds {
		for i := range rows {
			row := (n + i) % len(rows)
			result, err := rows[row].take(ctx, task{})
			if err != nil {
				return fmt.Errorf("%s: %w", rows[row].name, err)
			}
			results[row] = append(results[row], result)
		}
	}
	printTable(scene{name: "three pictures of each page", urls: urls}, b.set.rounds, rows, results)
	fmt.Println()
	printRatio("variants / jobs of their own", results[0], results[1])
	return nil
}

// variants is a server that takes the pages once for each list of variants.
func (b *bench) variants(name string, urls []string, jobs [][]client.Variant) contender {
	return contender{name: name, kind: wholeWay, tabs: b.set.slots, take: func(ctx context.Context, _ task) (round, error) {
		server, err := b.startService(ctx)
		if err != nil {
			return round{}, err
		}
		defer server.stop()
		if err := server.warm(ctx, b.web.warmUp(2*b.atOnce())); err != nil {
			return round{}, err
		}
		seen := startWatch(server.cmd.Process.Pid)
		result := round{Pages: len(urls) * len(looks())}
		result.Times, err = server.takeVariants(ctx, urls, jobs)
		result.spent = seen.end()
		result.Incomplete = result.Pages - len(result.Times)
		return result, err
	}}
}

// takeVariants gives the time of each picture that was taken, in ms.
func (s *server) takeVariants(ctx context.Context, urls []string, lists [][]client.Variant) ([]float64, error) {
	var ids []string
	for _, list := range lists {
		job, err := s.client.Batch(ctx, urls, client.Params{Variants: list, HostConcurrency: darkroom.MaxHostConcurrency})
		if err != nil {
			return nil, err
		}
		ids = append(ids, job.ID)
	}
	var times []float64
	for _, id := range ids {
		if _, err := s.client.Wait(ctx, id, nil); err != nil {
			return nil, err
		}
		for result, err := range s.client.Results(ctx, id, client.ResultParams{State: darkroom.CaptureCompleted}) {
			if err != nil {
				return nil, err
			}
			times = append(times, float64(result.DurationMS))
		}
	}
	return times, nil
}
