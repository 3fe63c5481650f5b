package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// contender takes pictures of a list of pages.
type contender struct {
	name string
	kind contenderKind
	tabs int // pages at once; 0 = its own choice
	take func(ctx context.Context, t task) (round, error)
}

type contenderKind int

const (
	wholeWay contenderKind = iota
	bareEngine
	peer
)

// task is what a contender is asked for in one round.
type task struct {
	urls    []string
	sitemap string // of exactly these pages; "" = none
	full    bool
	tabs    int
	dir     string // of the pictures; see file
}

// file is where the picture of a page goes.
func (t task) file(page int) string { return filepath.Join(t.dir, fmt.Sprintf("%04d.png", page)) }

// contenders are those that the flags leave.
func (b *bench) contenders() []contender {
	all := append([]contender{b.service("whole way, API to archive"), b.engine()}, b.peers()...)
	if slices.Contains(strings.Split(b.set.only, ","), "peers") {
		all = all[2:]
	}
	if b.set.contenders == "" {
		return all
	}
	var chosen []contender
	for _, c := range all {
		for part := range strings.SplitSeq(b.set.contenders, ",") {
			if strings.Contains(c.name, part) {
				chosen = append(chosen, c)
				break
			}
		}
	}
	return chosen
}

// turn has a contender take the pages once, and looks at every picture.
func (b *bench) turn(ctx context.Context, c contender, t task) (round, error) {
	t.dir, t.tabs = filepath.Join(b.dir, "pictures"), c.tabs
	if err := b.user.folder(t.dir); err != nil {
		return round{}, err
	}
	defer os.RemoveAll(t.dir)
	result, err := c.take(ctx, t)
	if err != nil {
		return round{}, fmt.Errorf("%s: %w", c.name, err)
	}
	result.Pages = len(t.urls)
	result.Lacks, err = inspect(t)
	result.Incomplete = len(result.Lacks)
	return result, err
}
