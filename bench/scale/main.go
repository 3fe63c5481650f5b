// Command scale plays what docs/scale.md says: captures that arrive at random at a
// number of workers with one database and one bucket. Times are those of
// docs/benchmarks.md and docs/scale.md; -measure measures those of the database here.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
)

// figures are what was measured, in seconds.
type figures struct {
	Page   float64 // a slot's time for one capture, without what follows
	Claim  float64 // of a database connection
	Finish float64 // of a database connection
	Row    float64 // for which a change of a counter keeps others from the same row
	Put    float64 // a picture into the bucket
}

// slotsPerWorker is for a worker of two cores.
const slotsPerWorker = 4

// size is one row of the plan.
type size struct {
	Workers     int
	Millions    float64 // captures a day
	Connections int     // of the database that work at once: its cores
	Rows        int     // hot rows: keys, or jobs, over which the work is spread
	Puts        int     // requests that the bucket answers at once
	figures     figures
}

// peak is how many times the mean of a day its busiest hour has.
const peak = 1.5

func (s size) model(seed uint64) model {
	rate := s.Millions * 1e6 / 86400 * peak
	return model{
		Rate: rate, Slots: s.Workers * slotsPerWorker, Seed: seed, Seconds: math.Max(60, 20_000/rate),
		Stations: []station{{"database", s.Connections}, {"hot rows", s.Rows}, {"pages", s.Workers * slotsPerWorker}, {"bucket", s.Puts}},
		Steps: []step{
			{0, s.figures.Claim, exponential},
			{1, s.figures.Row, exponential},
			{2, s.figures.Page, pages},
			{3, s.figures.Put, exponential},
			{0, s.figures.Finish, exponential},
			{1, s.figures.Row, exponential},
		},
	}
}

// limit is what fills up first when more arrives, and at how many captures a
// second.
func (m model) limit() (name string, most float64) {
	need := make([]float64, len(m.Stations))
	held := 0.0
	for _, s := range m.Steps {
		need[s.at] += s.mean
		held += s.mean
	}
	name, most = "slots", float64(m.Slots)/held
	for i, station := range m.Stations {
		if at := float64(station.Servers) / need[i]; at < most && need[i] > 0 {
			name, most = station.Name, at
		}
	}
	return name, most
}

func main() {
	seed := flag.Uint64("seed", 1, "the same seed gives the same table")
	measured := flag.Bool("measure", false, "measure claim and finish on a database of its own instead")
	url := flag.String("database-url", "", "with -measure: PostgreSQL instead of SQLite")
	flag.Parse()
	if *measured {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		if err := measure(ctx, *url); err != nil {
			fmt.Fprintln(os.Stderr, "scale:", err)
			os.Exit(1)
		}
		return
	}
	fmt.Println("| workers | captures a day | a second, at peak | wait for a slot | slots used | database | hot rows | bucket | next limit |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, p := range plan() {
		m := p.model(*seed)
		seen := simulate(m)
		limit, most := m.limit()
		fmt.Printf("| %d | %g million | %.0f | %.2f s | %.0f %% | %.0f %% | %.0f %% | %.0f %% | %s, at %.0f a second |\n",
			p.Workers, p.Millions, m.Rate, seen.Wait, 100*seen.SlotUse, 100*seen.Busy[0], 100*seen.Busy[1], 100*seen.Busy[3], limit, most)
	}
}
