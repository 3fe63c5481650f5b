package demo

import (
	"fmt"
	"html/template"
	"math"
	"math/rand/v2"
)

// palettes of the works in the gallery: ground first, then inks.
func palettes() [][]string {
	return [][]string{
		{"#f4ecdf", "#1d3557", "#e4572e", "#f2b134", "#2a9d8f"},
		{"#13202d", "#f2e9de", "#ff8552", "#5bc0be", "#f6c667"},
		{"#efe7f3", "#3b1c47", "#a23b72", "#f18f01", "#6a8fd8"},
		{"#e6efe9", "#16302b", "#c73e1d", "#85b79d", "#f4d35e"},
		{"#faf6ef", "#262220", "#b23a48", "#7d8ca3", "#dab785"},
		{"#0f0f14", "#e8e6e3", "#d64550", "#6fa8dc", "#e9c46a"},
	}
}

// art draws a work of that style. Each seed is another work.
func art(style string, seed int) template.HTML {
	r := chance(seed)
	d := draw(600, 600)
	inks := palettes()[seed%len(palettes())]
	d.background(inks[0])
	switch style {
	case "ridges":
		ridges(d, r, inks)
	case "arcs":
		arcs(d, r, inks)
	case "packing":
		packing(d, r, inks)
	case "flow":
		flow(d, r, inks)
	case "rays":
		rays(d, r, inks, seed)
	case "strata":
		strata(d, r, inks)
	case "weave":
		weave(d, r, inks)
	case "orbits":
		orbits(d, r, inks)
	case "blocks":
		blocks(d, r, inks)
	}
	return d.done()
}

func ridges(d *drawing, r *rand.Rand, inks []string) {
	for y := 90.0; y < 590; y += 15 {
		curve := noise(r)
		var points []point
		for x := 50.0; x <= 550; x += 10 {
			rise := math.Exp(-math.Pow((x-300)/110, 2))
			points = append(points, point{x, y - rise*(46+46*curve(x/14)) - 3*curve(x/9)})
		}
		d.add(`<path d="M%s" fill="%s" stroke="%s" stroke-width="2.200"/>`, smooth(points), inks[0], inks[1])
	}
}

func arcs(d *drawing, r *rand.Rand, inks []string) {
	const size = 75
	for x := 0.0; x < 600; x += size {
		for y := 0.0; y < 600; y += size {
			ink := inks[1+r.IntN(len(inks)-1)]
			d.add(`<g transform="translate(%g %g) rotate(%d %g %g)" fill="none" stroke="%s" stroke-width="17">`, x, y, 90*r.IntN(4), size/2.0, size/2.0, ink)
			d.add(`<path d="M%g 0 A%g %g 0 0 1 0 %g M%d %g A%g %g 0 0 0 %g %d"/></g>`, size/2.0, size/2.0, size/2.0, size/2.0, size, size/2.0, size/2.0, size/2.0, size/2.0, size)
		}
	}
}

func packing(d *drawing, r *rand.Rand, inks []string) {
	type disc struct{ x, y, radius float64 }
	var discs []disc
	for range 2600 {
		next := disc{between(r, 20, 580), between(r, 20, 580), 84}
		for _, other := range discs {
			next.radius = min(next.radius, math.Hypot(next.x-other.x, next.y-other.y)-other.radius-2.5)
		}
		next.radius = min(next.radius, next.x-14, next.y-14, 586-next.x, 586-next.y)
		if next.radius < 3.5 {
			continue
		}
		discs = append(discs, next)
		ink := inks[1+r.IntN(len(inks)-1)]
		d.add(`<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s"/>`, next.x, next.y, next.radius, ink)
		if next.radius > 22 {
			d.add(`<circle cx="%.1f" cy="%.1f" r="%.1f" fill="none" stroke="%s" stroke-width="2.500"/>`, next.x, next.y, next.radius*.62, inks[0])
			d.add(`<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s"/>`, next.x, next.y, next.radius*.28, inks[0])
		}
	}
}

func flow(d *drawing, r *rand.Rand, inks []string) {
	a, b := noise(r), noise(r)
	for range 420 {
		x, y := between(r, 0, 600), between(r, 0, 600)
		path := fmt.Sprintf("M%.0f %.0f", x, y)
		for range 26 {
			angle := 2.2 * (a(x/150) + b(y/130))
			x, y = x+9*math.Cos(angle), y+9*math.Sin(angle)
			path += fmt.Sprintf("L%.0f %.0f", x, y)
		}
		d.add(`<path d="%s" fill="none" stroke="%s" stroke-width="%.1f" stroke-linecap="round" opacity=".85"/>`, path, inks[1+r.IntN(len(inks)-1)], between(r, 1, 4.5))
	}
}

func rays(d *drawing, r *rand.Rand, inks []string, seed int) {
	const count = 48
	d.add(`<g transform="translate(300 360)">`)
	for i := range count {
		from, to := 2*math.Pi*float64(i)/count, 2*math.Pi*(float64(i)+.62)/count
		length := between(r, 330, 560)
		d.add(`<path d="M0 0 L%.0f %.0f L%.0f %.0fz" fill="%s"/>`, length*math.Cos(from), length*math.Sin(from), length*math.Cos(to), length*math.Sin(to), inks[1+i%4])
	}
	d.add(`<circle r="150" fill="%s"/><circle r="126" fill="%s"/></g>`, inks[0], inks[2])
	d.add(`<g transform="translate(0 380)">`)
	for i := range 4 {
		d.add(`<path transform="translate(0 %d)" d="M-40 40 q40 -50 80 0 t80 0 80 0 80 0 80 0 80 0 80 0 80 0 80 0 V300 H-40z" fill="%s"/>`, i*50+seed%9, inks[[]int{1, 4, 3, 1}[i]])
	}
	d.add(`</g>`)
}

func strata(d *drawing, r *rand.Rand, inks []string) {
	for i, y := 0, 40.0; y < 640; i++ {
		curve := noise(r)
		var points []point
		for x := -20.0; x <= 620; x += 40 {
			points = append(points, point{x, y + 26*curve(x/110)})
		}
		d.add(`<path d="M-20 660 L%s L620 660z" fill="%s"/>`, smooth(points), inks[[]int{1, 2, 3, 0, 4}[i%5]])
		y += between(r, 18, 74)
	}
}

func weave(d *drawing, r *rand.Rand, inks []string) {
	const bands, size = 12, 50.0
	warp, weft := make([]string, bands), make([]string, bands)
	for i := range bands {
		warp[i], weft[i] = inks[1+r.IntN(4)], inks[1+r.IntN(4)]
	}
	for i := range bands {
		d.add(`<rect x="%g" width="40" height="600" fill="%s"/>`, float64(i)*size+5, warp[i])
	}
	for row := range bands {
		for column := range bands {
			if (row+column/2)%2 == 0 {
				d.add(`<rect x="%g" y="%g" width="52" height="40" fill="%s"/>`, float64(column)*size-1, float64(row)*size+5, weft[row])
			}
		}
	}
}

func orbits(d *drawing, r *rand.Rand, inks []string) {
	d.add(`<g transform="translate(300 300)" fill="none">`)
	for radius := 40.0; radius < 290; radius += between(r, 9, 20) {
		turn, dash := between(r, 0, 360), between(r, .2, .92)*2*math.Pi*radius
		d.add(`<circle r="%.1f" transform="rotate(%.0f)" stroke="%s" stroke-width="%.1f" stroke-dasharray="%.0f 2000" stroke-linecap="round"/>`,
			radius, turn, inks[1+r.IntN(4)], between(r, 2, 9), dash)
		if r.IntN(2) == 0 {
			angle := between(r, 0, 2*math.Pi)
			d.add(`<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s"/>`, radius*math.Cos(angle), radius*math.Sin(angle), between(r, 5, 13), inks[1+r.IntN(4)])
		}
	}
	d.add(`<circle r="22" fill="%s"/></g>`, inks[2])
}

func blocks(d *drawing, r *rand.Rand, inks []string) {
	var split func(x, y, width, height float64, depth int)
	split = func(x, y, width, height float64, depth int) {
		if depth == 0 || min(width, height) < 90 {
			ink := inks[0]
			if r.IntN(5) > 1 {
				ink = inks[1+r.IntN(4)]
			}
			d.add(`<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" fill="%s" stroke="%s" stroke-width="9"/>`, x, y, width, height, ink, inks[1])
			return
		}
		part := between(r, .3, .7)
		if width > height {
			split(x, y, width*part, height, depth-1)
			split(x+width*part, y, width*(1-part), height, depth-1)
			return
		}
		split(x, y, width, height*part, depth-1)
		split(x, y+height*part, width, height*(1-part), depth-1)
	}
	split(0, 0, 600, 600, 5)
}
