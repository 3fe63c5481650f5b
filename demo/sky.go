package demo

import (
	"fmt"
	"html/template"
	"math"
)

// sky draws a round star chart. Its colours come from the page, by the CSS
// variables --star, --line and --milk, so that it follows the colour scheme.
func sky(seed int) template.HTML {
	r := chance(seed)
	d := plot(900, 900)
	d.add(`<defs><clipPath id="dome"><circle cx="450" cy="450" r="400"/></clipPath></defs>`)
	d.add(`<circle cx="450" cy="450" r="400" fill="var(--dome)"/><g clip-path="url(#dome)">`)
	for i := range 240 {
		along := float64(i) / 240
		x, y := 20+860*along+r.NormFloat64()*30, 700-470*along+130*math.Sin(along*5)+r.NormFloat64()*44
		d.add(`<circle cx="%.0f" cy="%.0f" r="%.0f" fill="var(--milk)" opacity=".06"/>`, x, y, between(r, 10, 46))
	}
	for range 520 {
		size := math.Pow(r.Float64(), 5)*3.6 + .7
		d.add(`<circle cx="%.0f" cy="%.0f" r="%.1f" fill="var(--star)" opacity="%.2f"/>`, between(r, 50, 850), between(r, 50, 850), size, between(r, .4, 1))
	}
	d.add(`</g>`)
	drawGraticule(d)
	drawConstellations(d)
	return d.done()
}

func drawGraticule(d *drawing) {
	d.add(`<g fill="none" stroke="var(--line)" stroke-width="1">`)
	for _, radius := range []int{100, 200, 300, 400, 424} {
		d.add(`<circle cx="450" cy="450" r="%d"/>`, radius)
	}
	for hour := range 24 {
		angle := float64(hour) * math.Pi / 12
		d.add(`<path d="M%.0f %.0fL%.0f %.0f" opacity=".6"/>`, 450+100*math.Cos(angle), 450+100*math.Sin(angle), 450+424*math.Cos(angle), 450+424*math.Sin(angle))
	}
	d.add(`</g><g fill="var(--star)" font-size="13" text-anchor="middle" opacity=".8">`)
	for hour := range 24 {
		angle := (float64(hour)+.5)*math.Pi/12 - math.Pi/2
		d.add(`<text x="%.0f" y="%.0f">%02d</text>`, 450+412*math.Cos(angle), 455+412*math.Sin(angle), hour)
	}
	d.add(`</g>`)
}

// drawConstellations draws the figures that Port Ambrose sees in its sky.
func drawConstellations(d *drawing) {
	figures := []struct {
		name  string
		stars []point
	}{
		{"The Trawler", []point{{210, 330}, {250, 380}, {360, 390}, {405, 335}, {330, 335}, {320, 225}, {268, 320}, {330, 335}}},
		{"Old Lamp", []point{{590, 240}, {600, 330}, {575, 395}, {650, 395}, {625, 330}, {635, 240}, {612, 205}, {590, 240}}},
		{"The Gull", []point{{480, 560}, {540, 520}, {585, 560}, {640, 505}, {715, 530}}},
		{"Knot", []point{{290, 600}, {350, 560}, {380, 620}, {325, 650}, {300, 700}, {380, 720}, {380, 620}}},
		{"The Ladder", []point{{500, 690}, {560, 660}, {620, 690}, {660, 640}}},
	}
	for _, figure := range figures {
		path := ""
		for i, star := range figure.stars {
			path += fmt.Sprintf("%c%.0f %.0f", "ML"[min(i, 1)], star.x, star.y)
		}
		d.add(`<path d="%s" fill="none" stroke="var(--figure)" stroke-width="1.600"/>`, path)
		for i, star := range figure.stars {
			d.add(`<circle cx="%.0f" cy="%.0f" r="%d" fill="var(--star)"/>`, star.x, star.y, 3+(i*7)%4)
		}
		label := figure.stars[len(figure.stars)/2]
		d.add(`<text x="%.0f" y="%.0f" fill="var(--figure)" font-size="17" font-style="italic">%s</text>`, label.x+14, label.y+26, figure.name)
	}
}
