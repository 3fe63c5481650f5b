package demo

import (
	"html/template"
	"math"
	"math/rand/v2"
)

// townMap draws the map of Port Ambrose: land, water, streets, houses, parks
// and the ferry lines.
func townMap() template.HTML {
	d, r := draw(1600, 1000), chance(11)
	d.background("#a9d3dc")
	drawDepthLines(d)
	coast := "M0 0 H1600 V250 C1480 270 1440 340 1340 350 C1260 360 1250 300 1180 310 C1110 322 1130 420 1060 450 " +
		"C1000 478 1010 560 940 585 C880 606 850 560 790 590 C720 626 740 700 660 720 C580 742 560 690 480 715 C400 742 380 830 280 850 C180 868 120 920 0 930z"
	d.add(`<path d="%s" fill="none" stroke="#c5e3e8" stroke-width="46" stroke-linejoin="round"/><path d="%s" fill="#f5efe1" stroke="#d8c9a3" stroke-width="5"/>`, coast, coast)
	d.add(`<clipPath id="land"><path d="%s"/></clipPath><g clip-path="url(#land)">`, coast)
	drawParks(d, r)
	drawHouses(d, r)
	drawStreets(d)
	d.add(`</g>`)
	drawPort(d)
	drawLabels(d)
	return d.done()
}

func drawDepthLines(d *drawing) {
	d.add(`<g fill="none" stroke="#8fc1cd" stroke-width="2" opacity=".7">`)
	for i := range 7 {
		at := 60 * i
		d.add(`<path d="M%d 1000 C%d 900 %d 860 %d 760 S1400 %d 1600 %d"/>`, 420+at*2, 700+at, 900+at, 1010+at, 520+at, 400+at)
	}
	d.add(`</g>`)
}

// streets are polylines of the main roads, in the map's units.
func streets() []string {
	return []string{
		"M0 360 C260 330 420 420 620 400 S980 230 1200 150 S1480 120 1600 90",
		"M0 640 C200 610 330 560 520 560 S760 500 900 430 S1120 260 1300 230 S1500 200 1600 190",
		"M300 0 C320 200 300 420 350 600 S330 780 280 860",
		"M760 0 C740 160 700 330 690 420 S640 600 620 720",
		"M1120 0 C1080 120 1090 260 1060 420",
		"M80 920 C300 800 460 690 660 690 S900 560 1010 470 S1240 330 1340 330",
		"M0 150 C260 120 520 190 760 150 S1200 60 1600 20",
	}
}

func drawStreets(d *drawing) {
	for _, pass := range []struct {
		colour string
		width  int
	}{{"#e3d5b4", 22}, {"#ffffff", 16}} {
		for i, street := range streets() {
			width := pass.width
			if i < 2 {
				width += 8
			}
			d.add(`<path d="%s" fill="none" stroke="%s" stroke-width="%d"/>`, street, pass.colour, width)
		}
	}
	d.add(`<path d="%s" fill="none" stroke="#f3c56d" stroke-width="14"/>`, streets()[0])
}

func drawParks(d *drawing, r *rand.Rand) {
	for _, park := range []struct{ x, y, width, height int }{{400, 200, 250, 150}, {820, 250, 190, 130}, {90, 430, 180, 140}, {1230, 60, 240, 80}} {
		d.add(`<rect x="%d" y="%d" width="%d" height="%d" rx="46" fill="#cfe0b4"/>`, park.x, park.y, park.width, park.height)
		for range 26 {
			x, y := between(r, 16, float64(park.width)-16), between(r, 16, float64(park.height)-16)
			d.add(`<circle cx="%.0f" cy="%.0f" r="%.0f" fill="#a3c384" opacity=".8"/>`, float64(park.x)+x, float64(park.y)+y, between(r, 6, 14))
		}
	}
}

func drawHouses(d *drawing, r *rand.Rand) {
	inks := []string{"#e7d9bd", "#dfcca8", "#ead9c6", "#d9c3a0", "#e0b9a0"}
	for range 900 {
		x, y := between(r, 0, 1600), between(r, 0, 900)
		if inPark(x, y) {
			continue
		}
		angle := 12*math.Sin(x/260) - 14
		d.add(`<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" rx="2" fill="%s" transform="rotate(%.0f %.0f %.0f)"/>`,
			x, y, between(r, 14, 34), between(r, 12, 26), pick(r, inks), angle, x, y)
	}
}

func inPark(x, y float64) bool {
	return x > 375 && x < 650 && y > 180 && y < 350 || x > 795 && x < 1010 && y > 230 && y < 380 ||
		x > 65 && x < 270 && y > 410 && y < 570 || x > 1205 && x < 1470 && y > 40 && y < 140
}

func drawPort(d *drawing) {
	d.add(`<g fill="none" stroke="#b99f6c" stroke-width="14" stroke-linecap="round"><path d="M660 720 L760 850"/><path d="M940 585 L1090 690 L1180 640"/><path d="M480 715 L510 800"/></g>`)
	d.add(`<g fill="none" stroke="#2d6f86" stroke-width="4" stroke-dasharray="3 13" stroke-linecap="round"><path d="M760 850 C960 960 1260 900 1600 820"/><path d="M760 850 C800 930 760 980 700 1000"/></g>`)
	for i, at := range []point{{1070, 790}, {1240, 560}, {1330, 900}, {560, 900}} {
		d.add(`<g transform="translate(%.0f %.0f) rotate(%d)"><path d="M-20 0 H20 L12 11 H-12z" fill="#37525c"/><path d="M0 -4 V-34 L17 -4z" fill="#fff"/></g>`, at.x, at.y, i*7-10)
	}
	d.add(`<g transform="translate(1420 780)" stroke="#37525c" fill="none" stroke-width="3"><circle r="64"/><circle r="74"/><path d="M0 -92 L13 0 L0 92 L-13 0z" fill="#37525c"/><path d="M-92 0 L0 -13 L92 0 L0 13z" fill="#fff"/></g><text x="1420" y="676" text-anchor="middle" font-size="26" font-weight="700" fill="#37525c">N</text>`)
}

func drawLabels(d *drawing) {
	d.add(`<g font-style="italic" font-size="40" fill="#4b8798" letter-spacing="6"><text x="960" y="810">Ambrose Bay</text><text x="1290" y="480" font-size="24">Outer Roads</text></g>`)
	for i, place := range []struct {
		name string
		x, y int
	}{
		{"Ferry Pier", 760, 850}, {"Lighthouse", 1180, 640}, {"Market Hall", 690, 420}, {"Observatory", 1250, 168}, {"Rope Works", 520, 640}, {"Gazette", 930, 425}, {"Museum", 520, 275},
	} {
		d.add(`<g transform="translate(%d %d)"><path d="M0 0 C-24 -30 -22 -58 0 -58 S24 -30 0 0z" fill="#c8513c" stroke="#fff" stroke-width="3"/><text y="-29" text-anchor="middle" font-size="19" font-weight="700" fill="#fff">%d</text>`, place.x, place.y, i+1)
		d.add(`<text x="30" y="-27" font-size="23" font-weight="700" fill="#243b44" stroke="#fff" stroke-width="6" paint-order="stroke" stroke-linejoin="round">%s</text></g>`, place.name)
	}
}
