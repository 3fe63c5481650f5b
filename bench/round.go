package main

import "slices"

// round is what one contender did with one list of pages.
type round struct {
	spent

	Pages      int
	Incomplete int       // pages without a picture, or with one that lacks something
	Times      []float64 // ms of each page, from the moment it was begun
	Lacks      []string  // what the incomplete ones lack, in words
}

// An incomplete picture counts as none, but what it cost is not forgotten.
func (r round) complete() float64 { return float64(max(r.Pages-r.Incomplete, 0)) }
func (r round) rate() float64     { return r.complete() / r.Seconds }
func (r round) cost() float64     { return r.CPUSeconds / max(r.complete(), 1) }
func (r round) own() float64      { return r.OwnCPU / max(r.complete(), 1) }
func (r round) peakMB() float64   { return float64(r.Peak) / 1e6 }

func median(rounds []round, figure func(round) float64) float64 {
	return quantile(each(rounds, figure), 0.5)
}

func each(rounds []round, figure func(round) float64) []float64 {
	var values []float64
	for _, r := range rounds {
		values = append(values, figure(r))
	}
	return values
}

// quantile gives the value below which that part of the values lies.
func quantile(values []float64, part float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}
