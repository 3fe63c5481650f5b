package demo

import (
	"fmt"
	"html/template"
	"math"
	"math/rand/v2"
	"strings"
)

// drawing is an SVG picture that is being made.
type drawing struct {
	strings.Builder
	width, height float64
}

// draw begins a picture of that size, in its own units. It fills the place it
// is given, and its edges may be cut off.
func draw(width, height float64) *drawing {
	d := &drawing{width: width, height: height}
	d.add(`<svg viewBox="0 0 %g %g" preserveAspectRatio="xMidYMid slice" role="img">`, width, height)
	return d
}

// plot begins a picture that is shown whole.
func plot(width, height float64) *drawing {
	d := &drawing{width: width, height: height}
	d.add(`<svg viewBox="0 0 %g %g" role="img">`, width, height)
	return d
}

// add appends markup. Numbers are best given as %.1f: the pages are read by
// people too.
func (d *drawing) add(format string, args ...any) { fmt.Fprintf(&d.Builder, format, args...) }

// background fills the picture.
func (d *drawing) background(fill string) {
	d.add(`<rect width="%g" height="%g" fill="%s"/>`, d.width, d.height, fill)
}

// gradient defines a vertical gradient and gives the fill that refers to it.
func (d *drawing) gradient(id string, colours ...string) string {
	d.add(`<linearGradient id="%s" x1="0" y1="0" x2="0" y2="1">`, id)
	for i, colour := range colours {
		d.add(`<stop offset="%.2f" stop-color="%s"/>`, float64(i)/float64(len(colours)-1), colour)
	}
	d.add(`</linearGradient>`)
	return "url(#" + id + ")"
}

// done ends the picture. Everything in it is made here, from numbers and
// constants, so it needs no escaping.
func (d *drawing) done() template.HTML {
	d.WriteString(`</svg>`)
	return template.HTML(d.String())
}

// chance gives the random numbers of one picture: the same every time.
func chance(seed int) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(seed), 0x9e3779b97f4a7c15))
}

// between gives a number of [low, high).
func between(r *rand.Rand, low, high float64) float64 { return low + r.Float64()*(high-low) }

// pick gives one of the choices.
func pick[T any](r *rand.Rand, choices []T) T { return choices[r.IntN(len(choices))] }

// point is a place in a picture.
type point struct{ x, y float64 }

// smooth gives the path data of a soft line through the points, without the
// leading M.
func smooth(points []point) string {
	var path strings.Builder
	fmt.Fprintf(&path, "%.1f %.1f", points[0].x, points[0].y)
	for i := 1; i < len(points); i++ {
		before, here := points[i-1], points[i]
		middle := (before.x + here.x) / 2
		fmt.Fprintf(&path, " C%.1f %.1f %.1f %.1f %.1f %.1f", middle, before.y, middle, here.y, here.x, here.y)
	}
	return path.String()
}

// noise is a smooth curve with values of about [-1, 1]: sums of sines with
// random phases.
func noise(r *rand.Rand) func(float64) float64 {
	type wave struct{ size, rate, phase float64 }
	var waves []wave
	for i := range 5 {
		waves = append(waves, wave{1 / (1.3 + float64(i)), 1.3*float64(i) + between(r, 0.6, 1.4), between(r, 0, 2*math.Pi)})
	}
	return func(x float64) float64 {
		sum := 0.0
		for _, wave := range waves {
			sum += wave.size * math.Sin(x*wave.rate+wave.phase)
		}
		return sum / 1.6
	}
}
