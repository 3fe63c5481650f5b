package main

import (
	"fmt"
	"slices"
)

func printTable(s scene, rounds int, contenders []contender, results [][]round) {
	fmt.Printf("\n### %s: %d pages, %d rounds in turns, medians\n\n", s.name, len(s.urls), rounds)
	fmt.Println("| | at once | captures/s | CPU s per capture | of it the driver's own | peak MB | p50 ms | p95 ms | incomplete |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for i, c := range contenders {
		var times []float64
		incomplete := 0
		for _, r := range results[i] {
			times = append(times, r.Times...)
			incomplete += r.Incomplete
		}
		atOnce := "auto"
		if c.tabs > 0 {
			atOnce = fmt.Sprint(c.tabs)
		}
		fmt.Printf("| %s | %s | %.2f | %.3f | %.3f | %.0f | %.0f | %.0f | %d |\n", c.name, atOnce,
			median(results[i], round.rate), median(results[i], round.cost), median(results[i], round.own),
			median(results[i], round.peakMB), quantile(times, 0.5), quantile(times, 0.95), incomplete)
	}
}

// printRatios compares the whole way with the fastest peer and with the bare
// engine.
func printRatios(contenders []contender, results [][]round) {
	ours := slices.IndexFunc(contenders, func(c contender) bool { return c.kind == wholeWay })
	if ours < 0 {
		return
	}
	fmt.Println()
	fastest, thriftiest := -1, -1
	for i, c := range contenders {
		if c.kind == bareEngine {
			printRatio(contenders[ours].name+" / "+c.name, results[ours], results[i])
		}
		if c.kind != peer {
			continue
		}
		if fastest < 0 || median(results[i], round.rate) > median(results[fastest], round.rate) {
			fastest = i
		}
		if thriftiest < 0 || median(results[i], round.cost) < median(results[thriftiest], round.cost) {
			thriftiest = i
		}
	}
	if fastest < 0 {
		return
	}
	printRatio(contenders[ours].name+" / fastest peer ("+contenders[fastest].name+")", results[ours], results[fastest])
	if thriftiest != fastest {
		printRatio(contenders[ours].name+" / thriftiest peer ("+contenders[thriftiest].name+")", results[ours], results[thriftiest])
	}
}

// printRatio gives the ratio of medians, and the least and greatest of the
// single rounds.
func printRatio(name string, a, b []round) {
	fmt.Printf("- %s: captures/s %s, CPU s per capture %s\n", name, ratio(a, b, round.rate), ratio(a, b, round.cost))
}

func ratio(a, b []round, figure func(round) float64) string {
	var each []float64
	for i := range a {
		each = append(each, figure(a[i])/figure(b[i]))
	}
	return fmt.Sprintf("%.2f × (%.2f–%.2f)", median(a, figure)/median(b, figure), slices.Min(each), slices.Max(each))
}
