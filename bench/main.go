// Command bench measures the whole way of a batch, API to archive, and beside
// it the same pages through the bare engine, interleaved in one run, because
// machines drift. It prints medians and ratios; docs/benchmarks.md explains
// them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// settings are the flags of one run.
type settings struct {
	rounds  int
	pages   int
	slots   int
	program string
	engine  bool // this process is the bare engine of one round
	only    string
}

func main() {
	var set settings
	flag.IntVar(&set.rounds, "rounds", 5, "rounds of each contender, interleaved")
	flag.IntVar(&set.pages, "pages", 120, "pages in one round")
	flag.IntVar(&set.slots, "slots", 4, "captures at once")
	flag.StringVar(&set.program, "program", "bin/darkroom", "the built program")
	flag.StringVar(&set.only, "only", "", "throughput or latency; both when empty")
	flag.BoolVar(&set.engine, "engine", false, "be the bare engine: reads URLs from standard input")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, set); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, set settings) error {
	if set.engine {
		return runEngine(ctx, set)
	}
	pages, err := startCorpus(ctx)
	if err != nil {
		return err
	}
	defer pages.close()
	if set.only != "latency" {
		if err := compareThroughput(ctx, set, pages); err != nil {
			return err
		}
	}
	if set.only != "throughput" {
		return measureLatency(ctx, set, pages)
	}
	return nil
}
