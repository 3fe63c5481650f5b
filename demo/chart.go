package demo

import (
	"fmt"
	"html/template"
	"math"
)

// series gives n numbers of about [0, 1] that rise and fall like something
// measured.
func series(seed, n int) []float64 {
	curve, r := noise(chance(seed)), chance(seed+1000)
	values := make([]float64, n)
	for i := range values {
		values[i] = min(max(.5+.3*curve(float64(i)/4.5)+between(r, -.05, .05), .04), .98)
	}
	return values
}

// areaChart draws two series over a day.
func areaChart(seed int) template.HTML {
	d := plot(760, 320)
	fill := d.gradient(fmt.Sprintf("area%d", seed), "rgba(20,121,135,.42)", "rgba(20,121,135,.02)")
	d.add(`<g stroke="#dfe7e9" stroke-width="1" fill="#7b8b91" font-size="12">`)
	for i := range 5 {
		y := 20 + i*62
		d.add(`<path d="M44 %d H750"/><text x="34" y="%d" text-anchor="end" stroke="none">%d</text>`, y, y+4, (4-i)*60)
	}
	for hour := 0; hour <= 24; hour += 3 {
		d.add(`<text x="%d" y="300" text-anchor="middle" stroke="none">%02d:00</text>`, 56+hour*28, hour%24)
	}
	d.add(`</g>`)
	today, before := line(series(seed, 35)), line(series(seed+7, 35))
	d.add(`<path d="M%s" fill="none" stroke="#b7c6cb" stroke-width="2.500" stroke-dasharray="6 5"/>`, smooth(before))
	d.add(`<path d="M%s L%.0f 268 L%.0f 268z" fill="%s"/>`, smooth(today), today[len(today)-1].x, today[0].x, fill)
	d.add(`<path d="M%s" fill="none" stroke="#147987" stroke-width="3.200" stroke-linecap="round"/>`, smooth(today))
	peak := today[22]
	d.add(`<circle cx="%.0f" cy="%.0f" r="6" fill="#fff" stroke="#147987" stroke-width="3"/>`, peak.x, peak.y)
	return d.done()
}

func line(values []float64) []point {
	points := make([]point, len(values))
	for i, value := range values {
		points[i] = point{50 + 690*float64(i)/float64(len(values)-1), 268 - 236*value}
	}
	return points
}

// barChart draws the seven days of a week, arrivals over departures.
func barChart(seed int) template.HTML {
	d, in, out := plot(420, 320), series(seed, 7), series(seed+3, 7)
	for i, day := range []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"} {
		x := 24 + i*56
		up, down := in[i]*190+16, out[i]*110+10
		d.add(`<rect x="%d" y="%.0f" width="30" height="%.0f" rx="5" fill="#147987"/>`, x, 192-up, up)
		d.add(`<rect x="%d" y="196" width="30" height="%.0f" rx="5" fill="#f2a65a"/>`, x, down)
		d.add(`<text x="%d" y="312" font-size="13" text-anchor="middle" fill="#7b8b91">%s</text>`, x+15, day)
	}
	d.add(`<path d="M10 194 H410" stroke="#c9d5d8"/>`)
	return d.done()
}

// sparkline draws a small series in the colour of the text.
func sparkline(seed int) template.HTML {
	d, values := draw(220, 34), series(seed, 26)
	points := make([]point, len(values))
	for i, value := range values {
		points[i] = point{2 + 216*float64(i)/25, 31 - 28*value}
	}
	d.add(`<path d="M%s" fill="none" stroke="currentColor" stroke-width="2.500" stroke-linecap="round"/>`, smooth(points))
	return d.done()
}

// donut draws parts of a whole, in per cent, that should add up to 100.
func donut(parts ...int) template.HTML {
	d := plot(200, 200)
	colours, start := []string{"#147987", "#f2a65a", "#c8513c", "#8fb8a8", "#46555c"}, 0
	for i, part := range parts {
		length := 2 * math.Pi * 74
		d.add(`<circle cx="100" cy="100" r="74" fill="none" stroke="%s" stroke-width="30" stroke-dasharray="%.1f %.1f" transform="rotate(%.1f 100 100)"/>`,
			colours[i%len(colours)], max(length*float64(part)/100-3, 0), length, float64(start)*3.6-90)
		start += part
	}
	return d.done()
}

// heatmap draws how busy each hour of each day of the week is.
func heatmap(seed int) template.HTML {
	d, r := plot(640, 190), chance(seed)
	for day, name := range []string{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"} {
		d.add(`<text x="0" y="%d" font-size="13" fill="#7b8b91">%s</text>`, 20+day*26, name)
		for hour := range 24 {
			busy := math.Exp(-math.Pow((float64(hour)-8.5)/2.6, 2)) + .9*math.Exp(-math.Pow((float64(hour)-17.5)/2.8, 2))
			if day > 4 {
				busy = math.Exp(-math.Pow((float64(hour)-13.5)/4, 2))
			}
			d.add(`<rect x="%d" y="%d" width="21" height="21" rx="4" fill="#147987" opacity="%.2f"/>`, 32+hour*25, 4+day*26, min(.07+busy*between(r, .6, .95), 1))
		}
	}
	return d.done()
}
