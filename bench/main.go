// Command bench measures the whole way of a batch, API to archive, and beside
// it the same pages through the bare engine and through other programs that
// take pictures with the same browser, interleaved in one run, because machines
// drift. It prints medians and ratios; docs/benchmarks.md explains them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// settings are the flags of one run.
type settings struct {
	rounds     int
	pages      int
	slots      int
	tabs       int
	program    string
	peers      string
	only       string
	contenders string
	fastPeers  bool
	backlog    int  // captures, and jobs, of the piece "queue" at most
	engine     bool // this process is the bare engine of one round
}

func main() {
	var set settings
	flag.IntVar(&set.rounds, "rounds", 5, "rounds of each contender, interleaved")
	flag.IntVar(&set.pages, "pages", 120, "pages in one round; a quarter of it where whole pages are taken")
	flag.IntVar(&set.slots, "slots", 0, "our captures at once; 0: what the server chooses by itself, and for the bare engine what a short trial finds best")
	flag.IntVar(&set.tabs, "tabs", 0, "a peer's pages at once; 0: what a short trial finds best for it")
	flag.StringVar(&set.program, "program", "bin/darkroom", "the built program")
	flag.StringVar(&set.peers, "peers", "bench/peers", "folder of the peers' drivers, with node_modules")
	flag.StringVar(&set.only, "only", "", "pieces, separated by commas: "+strings.Join(pieceNames(), ", ")+"; all when empty")
	flag.StringVar(&set.contenders, "contenders", "", "parts of the names of those to compare, separated by commas; all when empty")
	flag.BoolVar(&set.fastPeers, "fast-peers", false, "puppeteer takes PNGs optimised for speed, which is not its default")
	flag.IntVar(&set.backlog, "backlog", 1_000_000, "captures queued at most, and jobs listed, in the piece queue")
	flag.BoolVar(&set.engine, "engine", false, "be the bare engine: reads from standard input what to do")
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
		return runEngine(ctx)
	}
	chosen, err := choose(set.only)
	if err != nil {
		return err
	}
	b, err := newBench(ctx, set)
	if err != nil {
		return err
	}
	defer b.close()
	if slices.ContainsFunc(chosen, piece.takesLists) {
		if err := b.proveInspection(ctx); err != nil {
			return err
		}
	}
	for _, piece := range chosen {
		if err := piece.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", piece.name, err)
		}
	}
	return nil
}
