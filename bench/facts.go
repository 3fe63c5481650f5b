package main

import (
	"fmt"
	"image/color"
	"math/rand/v2"
	"strings"
)

// pageFacts is what one page of the corpus is made of.
type pageFacts struct {
	Kind       string
	N          int
	Stamp      []square
	Images     []string
	Paragraphs []string
	Sections   [][]string // the paragraphs beside each image of a long page
	Regular    string     // path of the web font
	Bold       string
	Blocks     string // text of full blocks: its colour is known wherever it stands
	Palette    []string
}

// square is one figure of a page's stamp.
type square struct {
	Left   int
	Colour string
}

// blocks is how many full blocks a line of them has.
const blocks = 20

func factsOf(kind pageKind, n int) *pageFacts {
	facts := &pageFacts{Kind: kind.name, N: n, Regular: "/font/0", Bold: "/font/1", Blocks: strings.Repeat("█", blocks)}
	for i, figure := range stamp(kind.name, n) {
		facts.Stamp = append(facts.Stamp, square{stampLeft + i*stampStep, hex(figure)})
	}
	for _, colour := range palette() {
		facts.Palette = append(facts.Palette, hex(colour))
	}
	for i := range kind.images {
		image := fmt.Sprintf("/image/%d", imageOf(n, i))
		if kind.name == "slow" {
			image += "?slow"
		}
		facts.Images = append(facts.Images, image)
	}
	facts.Paragraphs = paragraphs(n, kind.paragraphs)
	for i := range kind.images {
		each := kind.paragraphs / kind.images
		facts.Sections = append(facts.Sections, facts.Paragraphs[i*each:(i+1)*each])
	}
	return facts
}

// imageCount is how many different images there are; each is served under many
// numbers, because pages of one site seldom share theirs.
const imageCount = 20

// imageOf is the number of the image at a place of page n.
func imageOf(n, place int) int { return n*3 + place }

// damage leaves out a part of the page, to see that this is noticed.
func (f *pageFacts) damage(without string) {
	switch without {
	case "image":
		f.Images[len(f.Images)/2] = "/gone"
	case "font":
		f.Regular = "/gone"
	}
}

func paragraphs(seed, count int) []string {
	words := strings.Fields(`light silver print paper lens grain shutter frame darkroom develop fix wash
		contrast tone shadow highlight negative positive contact sheet enlarger safelight tray tongs emulsion`)
	random := rand.New(rand.NewPCG(uint64(seed), 3))
	var all []string
	for range count {
		var text strings.Builder
		for range 90 {
			text.WriteString(words[random.IntN(len(words))])
			text.WriteByte(' ')
		}
		all = append(all, text.String())
	}
	return all
}

// palette are eight colours that no two of which could be taken for each
// other.
func palette() []color.RGBA {
	return []color.RGBA{
		{220, 20, 60, 255},
		{20, 140, 60, 255},
		{30, 80, 220, 255},
		{240, 190, 20, 255},
		{150, 40, 190, 255},
		{20, 170, 190, 255},
		{240, 110, 20, 255},
		{90, 90, 90, 255},
	}
}

func paletteAt(i int) color.RGBA { return palette()[i%len(palette())] }

// stamp names a page by four colours: its kind, and its number in octal.
func stamp(kind string, n int) []color.RGBA {
	first := 0
	for i, known := range pageKinds() {
		if known.name == kind {
			first = i
		}
	}
	return []color.RGBA{paletteAt(first), paletteAt(n / 64), paletteAt(n / 8), paletteAt(n)}
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
