package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
)

// scene is one list of pages that the contenders take in turns.
type scene struct {
	name    string
	urls    []string
	sitemap string // of these pages; "" = none
	full    bool
}

func (s scene) task(pages int) task {
	t := task{urls: s.urls[:min(pages, len(s.urls))], full: s.full}
	if len(t.urls) == len(s.urls) {
		t.sitemap = s.sitemap
	}
	return t
}

// compare has each contender take the scene in every round, beginning with
// another each time, and prints what came of it.
func (b *bench) compare(ctx context.Context, s scene, contenders []contender) error {
	results, err := b.rounds(ctx, s, contenders)
	if err != nil {
		return err
	}
	printTable(s, b.set.rounds, contenders, results)
	printRatios(contenders, results)
	return nil
}

func (b *bench) rounds(ctx context.Context, s scene, contenders []contender) ([][]round, error) {
	if err := b.tune(ctx, s, contenders); err != nil {
		return nil, err
	}
	results := make([][]round, len(contenders))
	for n := range b.set.rounds {
		for i := range contenders {
			which := (n + i) % len(contenders)
			result, err := b.turn(ctx, contenders[which], s.task(len(s.urls)))
			if err != nil {
				return nil, err
			}
			complain(contenders[which].name, result.Lacks)
			results[which] = append(results[which], result)
		}
	}
	return results, nil
}

// complain names what incomplete pictures lack, the first of them.
func complain(name string, lacks []string) {
	const shown = 3
	for _, lack := range lacks[:min(shown, len(lacks))] {
		fmt.Fprintf(os.Stderr, "  %s: %s\n", name, lack)
	}
	if more := len(lacks) - shown; more > 0 {
		fmt.Fprintf(os.Stderr, "  %s: and %d more incomplete\n", name, more)
	}
}

// tune finds out how many pages at once each driver takes best, where that is
// left open.
func (b *bench) tune(ctx context.Context, s scene, contenders []contender) error {
	short := s.task(max(len(s.urls)/3, 6))
	for i := range contenders {
		c := &contenders[i]
		if c.kind == wholeWay || c.tabs > 0 {
			continue
		}
		var best float64
		var tried []string
		trial := *c
		for _, trial.tabs = range trials(s.full) {
			result, err := b.turn(ctx, trial, short)
			if err != nil {
				return err
			}
			tried = append(tried, fmt.Sprintf("%d: %.2f", trial.tabs, result.rate()))
			if result.rate() > best {
				best, c.tabs = result.rate(), trial.tabs
			}
		}
		fmt.Fprintf(os.Stderr, "  %s, captures/s by pages at once: %s\n", c.name, strings.Join(tried, ", "))
		if c.tabs == 0 {
			return fmt.Errorf("%s took no complete picture", c.name)
		}
	}
	return nil
}

// proveInspection damages pages and sees that their pictures count as
// incomplete: only then is "0 incomplete" worth something.
func (b *bench) proveInspection(ctx context.Context) error {
	engine := b.engine()
	engine.tabs = 1
	whole, noImage, noFont := b.web.at(0, "/article/0"), b.web.at(0, "/article/0?without=image"), b.web.at(0, "/article/0?without=font")
	result, err := b.turn(ctx, engine, task{urls: []string{whole, noImage, noFont}})
	if err != nil {
		return err
	}
	expected := []string{noImage + " lacks image 6", noFont + " lacks text in the web font, regular"}
	if !slices.Equal(result.Lacks, expected) {
		return fmt.Errorf("the inspection of pictures does not work: it found %q, not %q", result.Lacks, expected)
	}
	return nil
}
