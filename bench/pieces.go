package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// piece is one part of the bench, which can be run alone.
type piece struct {
	name   string
	groups []string
	run    func(context.Context, *bench) error
}

func (p piece) takesLists() bool { return slices.Contains(p.groups, "throughput") }

func pieces() []piece {
	return []piece{
		{"many", []string{"throughput", "peers"}, func(ctx context.Context, b *bench) error {
			return b.compare(ctx, scene{name: "many sites", urls: b.web.manySites(b.mixed())}, b.contenders())
		}},
		{"one", []string{"throughput", "peers"}, compareOneSite},
		{"full", []string{"throughput", "peers"}, func(ctx context.Context, b *bench) error {
			return b.compare(ctx, scene{name: "whole pages of ten screens", urls: b.web.manySites(longPages(b.set.pages / 4)), full: true}, b.contenders())
		}},
		{"sites", []string{"throughput"}, compareIsolation},
		{"variants", []string{"throughput"}, measureVariants},
		{"single", []string{"latency"}, measureSingle},
		{"load", []string{"latency"}, measureLoad},
		{"postgres", []string{"queue"}, measurePostgres},
		{"sqlite", []string{"queue"}, measureSQLite},
	}
}

func pieceNames() []string {
	var names, groups []string
	for _, piece := range pieces() {
		names = append(names, piece.name)
		for _, group := range piece.groups {
			if !slices.Contains(groups, group) {
				groups = append(groups, group)
			}
		}
	}
	return append(names, groups...)
}

// choose gives the pieces that are asked for, by name or by group.
func choose(only string) ([]piece, error) {
	if only == "" {
		return pieces(), nil
	}
	asked := strings.Split(only, ",")
	for _, name := range asked {
		if !slices.Contains(pieceNames(), name) {
			return nil, fmt.Errorf("there is no piece %q; there are %s", name, strings.Join(pieceNames(), ", "))
		}
	}
	var chosen []piece
	for _, piece := range pieces() {
		if slices.ContainsFunc(append(piece.groups, piece.name), func(name string) bool { return slices.Contains(asked, name) }) {
			chosen = append(chosen, piece)
		}
	}
	return chosen, nil
}

// longPages are pages of ten screens.
func longPages(n int) []string {
	var paths []string
	for i := range max(n, 1) {
		paths = append(paths, fmt.Sprintf("/long/%d", i))
	}
	return paths
}

// compareOneSite takes the pages of one site: we as a crawl of its sitemap.
func compareOneSite(ctx context.Context, b *bench) error {
	one := scene{name: "one site", urls: b.web.oneSite(b.mixed())}
	if b.crawls(ctx) {
		one.name, one.sitemap = "one site, crawled by its sitemap", b.web.sitemap(b.set.pages)
	}
	return b.compare(ctx, one, b.contenders())
}
