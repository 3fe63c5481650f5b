package main

import (
	"context"
	"fmt"
)

// compareIsolation takes the same pages on many sites and on one, with
// renderers shared and with Chromium's own isolation, all in turns.
func compareIsolation(ctx context.Context, b *bench) error {
	paths := b.mixed()
	many := scene{urls: b.web.manySites(paths)}
	one := scene{urls: b.web.oneSite(paths)}
	if b.crawls(ctx) {
		one.sitemap = b.web.sitemap(len(paths))
	}
	rows := []struct {
		scene scene
		who   contender
	}{
		{many, b.service("renderers shared, many sites")},
		{one, b.service("renderers shared, one site")},
		{many, b.service("--site-isolation strict, many sites", "--site-isolation", "strict")},
		{one, b.service("--site-isolation strict, one site", "--site-isolation", "strict")},
	}
	results := make([][]round, len(rows))
	var contenders []contender
	for n := range b.set.rounds {
		for i := range rows {
			row := (n + i) % len(rows)
			result, err := b.turn(ctx, rows[row].who, rows[row].scene.task(len(paths)))
			if err != nil {
				return err
			}
			complain(rows[row].who.name, result.Lacks)
			results[row] = append(results[row], result)
		}
	}
	for _, row := range rows {
		contenders = append(contenders, row.who)
	}
	printTable(scene{name: "whole way, one site and many", urls: many.urls}, b.set.rounds, contenders, results)
	fmt.Println()
	printRatio("renderers shared, one site / many", results[1], results[0])
	printRatio("--site-isolation strict, one site / many", results[3], results[2])
	printRatio("many sites, renderers shared / strict", results[0], results[2])
	return nil
}
