package demo

import (
	"fmt"
	"html/template"
	"math"
	"math/rand/v2"
)

// light is the palette of one time of day.
type light struct {
	sky        []string
	sun        string
	sunX, sunY float64 // of the picture, 0–1
	hills      []string
	sea        []string
	lamp       string
	stars      bool
}

func lights() map[string]light {
	return map[string]light{
		"dawn":  {[]string{"#2b3a67", "#8f5d8c", "#f0907a", "#ffd9a0"}, "#fff1cf", .62, .52, []string{"#c98a94", "#8f6886", "#574a73", "#2c2c54"}, []string{"#e8a58c", "#7d6c93", "#2f3663"}, "#ffe7a8", false},
		"noon":  {[]string{"#3d9bd1", "#8fd0e8", "#dff3f0"}, "#fffbe6", .2, .2, []string{"#a9cdc8", "#7db3a6", "#4d8f83", "#2c655f"}, []string{"#9adbdc", "#3fa3b5", "#14647c"}, "#ffffff", false},
		"dusk":  {[]string{"#10353f", "#1f6c73", "#f2a65a", "#ffcf7d"}, "#fff0c9", .68, .56, []string{"#6f9a8d", "#3c736f", "#1f4f55", "#0e3038"}, []string{"#f0b870", "#2f7f86", "#0d3942"}, "#ffd98a", false},
		"night": {[]string{"#05070f", "#0c1730", "#1f3358"}, "#f5f2e1", .76, .2, []string{"#1d2f4f", "#15233d", "#0d182c", "#070d1a"}, []string{"#24406a", "#10203d", "#070d1c"}, "#ffdf8f", true},
		"storm": {[]string{"#39424e", "#6c7a86", "#b4bdbd"}, "#eef1ea", .4, .3, []string{"#8a979c", "#66757c", "#475760", "#2b3840"}, []string{"#8b9ca3", "#4e636d", "#22313a"}, "#ffe9b0", false},
	}
}

// harbour draws the bay of Port Ambrose: sky, hills, lighthouse, water and
// boats, in the light of that time of day. Each seed is another day.
func harbour(when string, seed int) template.HTML {
	light, r := lights()[when], chance(seed)
	d := draw(1600, 900)
	id := fmt.Sprintf("%s%d", when, seed)
	d.background(d.gradient("sky"+id, light.sky...))
	if light.stars {
		drawStars(d, r)
	}
	drawSun(d, light)
	drawClouds(d, light, r)
	horizon := 560.0
	for i, colour := range light.hills {
		drawHill(d, r, colour, horizon-150+float64(i)*48, 120-float64(i)*20)
		if i == 2 {
			drawLighthouse(d, light, id, 1230, horizon-82)
		}
	}
	d.add(`<rect y="%g" width="1600" height="%g" fill="%s"/>`, horizon, 900-horizon, d.gradient("sea"+id, light.sea...))
	drawGlitter(d, light, r, horizon)
	for i, y := range []float64{34, 78, 150} {
		drawBoat(d, light, 880+float64((i+seed)%3)*250+between(r, -60, 60), horizon+y)
	}
	drawGulls(d, light, r)
	return d.done()
}

func drawStars(d *drawing, r *rand.Rand) {
	for range 160 {
		d.add(`<circle cx="%.0f" cy="%.0f" r="%.1f" fill="#fff" opacity="%.2f"/>`,
			between(r, 0, 1600), between(r, 0, 430), between(r, .6, 2), between(r, .3, 1))
	}
}

func drawSun(d *drawing, light light) {
	x, y := light.sunX*1600, light.sunY*900
	for i, radius := range []float64{260, 170, 110} {
		d.add(`<circle cx="%.0f" cy="%.0f" r="%g" fill="%s" opacity="%.2f"/>`, x, y, radius, light.sun, .08+float64(i)*.05)
	}
	d.add(`<circle cx="%.0f" cy="%.0f" r="70" fill="%s"/>`, x, y, light.sun)
}

func drawClouds(d *drawing, light light, r *rand.Rand) {
	for range 7 {
		x, y, width := between(r, -100, 1500), between(r, 50, 330), between(r, 180, 420)
		d.add(`<g fill="%s" opacity="%.2f">`, light.sun, between(r, .10, .28))
		for i := range 4 {
			part := width * (1 - float64(i)*.2)
			d.add(`<rect x="%.0f" y="%.0f" width="%.0f" height="14" rx="7"/>`, x+between(r, 0, width-part+1), y+float64(i)*18, part)
		}
		d.add(`</g>`)
	}
}

func drawHill(d *drawing, r *rand.Rand, colour string, base, height float64) {
	curve := noise(r)
	var points []point
	for x := 0.0; x <= 1600; x += 80 {
		points = append(points, point{x, base - height*(.5+.6*curve(x/330))})
	}
	d.add(`<path d="M0 900 L%s L1600 900z" fill="%s"/>`, smooth(points), colour)
}

func drawLighthouse(d *drawing, light light, id string, x, y float64) {
	d.add(`<linearGradient id="beam%s" x1="1" x2="0"><stop stop-color="%s" stop-opacity=".55"/><stop offset="1" stop-color="%s" stop-opacity="0"/></linearGradient>`, id, light.lamp, light.lamp)
	d.add(`<path d="M%g %g L%g %g L%g %g L%g %gz" fill="url(#beam%s)"/>`, x, y-166, x-900, y-290, x-900, y-60, x, y-154, id)
	d.add(`<g transform="translate(%g %g)">`, x, y)
	d.add(`<path d="M-120 40 Q-60 -14 0 -10 T130 40z" fill="%s"/>`, light.hills[3])
	d.add(`<path d="M-24 0 L-15 -138 H15 L24 0z" fill="#f7f1e6"/><path d="M-21.700 -36 L-19 -76 H19 L21.700 -36z M-17 -106 L-15 -138 H15 L17 -106z" fill="#c8513c"/>`)
	d.add(`<rect x="-20" y="-146" width="40" height="8" fill="#2b2f36"/><rect x="-11" y="-172" width="22" height="26" fill="%s"/><path d="M-16 -172 Q0 -196 16 -172z" fill="#2b2f36"/>`, light.lamp)
	d.add(`</g>`)
}

func drawGlitter(d *drawing, light light, r *rand.Rand, horizon float64) {
	for i := range 150 {
		depth := math.Pow(float64(i)/150, 1.6)
		y := horizon + 6 + depth*(900-horizon)
		width := between(r, 20, 60) * (1 + 3*depth)
		x := light.sunX*1600 + r.NormFloat64()*(60+260*depth)
		opacity := between(r, .12, .6) * (1 - .6*depth)
		if i%3 == 0 {
			x, opacity = between(r, 0, 1600), .14
		}
		d.add(`<rect x="%.0f" y="%.0f" width="%.0f" height="%.1f" rx="2" fill="%s" opacity="%.2f"/>`, x-width/2, y, width, 2+3*depth, light.sun, opacity)
	}
}

func drawBoat(d *drawing, light light, x, y float64) {
	size := (y - 500) / 110
	d.add(`<g transform="translate(%.0f %.0f) scale(%.2f)"><path d="M-46 0 H46 Q36 22 22 22 H-24 Q-38 20 -46 0z" fill="%s"/>`, x, y, size, light.hills[3])
	d.add(`<path d="M2 -4 V-104 Q46 -56 50 -8z" fill="#fdf6e8"/><path d="M-4 -4 V-92 Q-32 -44 -34 -8z" fill="#e7d9c0"/><path d="M-1 0 V-108" stroke="%s" stroke-width="3"/>`, light.hills[3])
	d.add(`<path d="M-38 30 H30 M-22 40 H44" stroke="#fff" stroke-width="3" opacity=".3"/></g>`)
}

func drawGulls(d *drawing, light light, r *rand.Rand) {
	d.add(`<g fill="none" stroke="%s" stroke-width="3" stroke-linecap="round" opacity=".7">`, light.hills[3])
	for range 6 {
		x, y, size := between(r, 200, 900), between(r, 120, 380), between(r, 8, 20)
		d.add(`<path d="M%.0f %.0f q%.0f %.0f %.0f 0 q%.0f %.0f %.0f 0"/>`, x, y, size/2, -size*.7, size, size/2, -size*.7, size)
	}
	d.add(`</g>`)
}

// waves draws a band of water to stand between two sections: colour from the
// section below it.
func waves(colour string, seed int) template.HTML {
	d, curve := draw(1600, 80), noise(chance(seed))
	var points []point
	for x := 0.0; x <= 1600; x += 100 {
		points = append(points, point{x, 42 + 26*curve(x/180)})
	}
	d.add(`<path d="M0 80 L%s L1600 80z" fill="%s"/>`, smooth(points), colour)
	return d.done()
}

// specks draws small lights at random places of a picture 1280 wide and 1130
// high.
func specks(colour string, seed, count int) template.HTML {
	d, r := &drawing{}, chance(seed)
	d.add(`<g fill="%s">`, colour)
	for range count {
		d.add(`<circle cx="%.0f" cy="%.0f" r="%.1f" opacity="%.2f"/>`, between(r, 0, 1280), between(r, 0, 1130), between(r, 1, 4), between(r, .2, .8))
	}
	d.add(`</g>`)
	return template.HTML(d.String())
}
