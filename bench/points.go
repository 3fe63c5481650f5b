package main

import (
	"fmt"
	"image/color"
	"net/url"
	"strconv"
	"strings"
)

// point is a place of a page whose colour is known, and what must have been
// painted for it to be so.
type point struct {
	x, y   int
	colour color.RGBA
	what   string
}

// Of the pages' layout; pages.gohtml has the same numbers.
const (
	viewWidth, viewHeight = 1280, 720
	longHeight            = 7200
	longImages            = 20

	stampLeft, stampStep, stampSide = 8, 28, 24

	blocksLeft, boldLeft, blocksMiddle = 40, 660, 56
	blocksWidth                        = 340 // 20 full blocks of 24 px in the web font; 288 px in what stands in for it

	gridLeft, gridTop, gridColumns   = 64, 150, 5
	gridStepX, gridStepY             = 232, 157
	gridImageWidth, gridImageHeight  = 224, 149
	sectionTop, sectionHeight        = 150, 352
	sectionImageX, sectionImageY     = 280, 176
	legendLeft, legendMiddle         = 1110, 104
	tableTop, tableStep, tableMargin = 300, 20, 20
)

// pictureHeight is that of a page's picture, in pixels.
func pictureHeight(full bool) int {
	if full {
		return longHeight
	}
	return viewHeight
}

// pointsOf gives the places of the page at that URL that are in its picture.
func pointsOf(address string, full bool) ([]point, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	kind, number, _ := strings.Cut(strings.TrimPrefix(target.Path, "/"), "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("%s is no page of the corpus", address)
	}
	points := stampPoints(kind, n)
	points = append(points, specialPoints(kind, n)...)
	points = append(points, point{viewWidth - 30, viewHeight - 20, accent(), "the end of the window"})
	if full {
		points = append(points, point{viewWidth - 30, longHeight - 20, accent(), "the end of the page"})
	}
	var seen []point
	for _, p := range points {
		if p.y < pictureHeight(full) {
			seen = append(seen, p)
		}
	}
	return seen, nil
}

func specialPoints(kind string, n int) []point {
	switch kind {
	case "trivial":
		return []point{{viewWidth - 80, 60, color.RGBA{0x22, 0x44, 0x55, 255}, "the headline"}}
	case "app":
		return appPoints(n)
	case "long":
		return append(textPoints(), sectionPoints(n)...)
	case "article":
		return append(textPoints(), gridPoints(n, 10)...)
	case "slow":
		return append(textPoints(), gridPoints(n, 6)...)
	}
	return nil
}

// accent is the colour of the blocks and of the ends.
func accent() color.RGBA { return color.RGBA{0xa0, 0x10, 0x60, 255} }

func stampPoints(kind string, n int) []point {
	var points []point
	for i, colour := range stamp(kind, n) {
		points = append(points, point{stampLeft + i*stampStep + stampSide/2, stampLeft + stampSide/2, colour, "its stamp, which tells it from other pages"})
	}
	return points
}

// textPoints are where two lines of full blocks are, and are not, when they
// are painted in the regular and the bold web font.
func textPoints() []point {
	var points []point
	paper := color.RGBA{255, 255, 255, 255}
	for i, left := range []int{blocksLeft, boldLeft} {
		what := "text in the web font, " + []string{"regular", "bold"}[i]
		points = append(points,
			point{left + blocksWidth/4, blocksMiddle, accent(), what},
			point{left + blocksWidth - 15, blocksMiddle, accent(), what},
			point{left + blocksWidth + 15, blocksMiddle, paper, what})
	}
	return points
}

func gridPoints(n, images int) []point {
	var points []point
	for i := range images {
		x := gridLeft + i%gridColumns*gridStepX + gridImageWidth/2
		y := gridTop + i/gridColumns*gridStepY + gridImageHeight/2
		points = append(points, imagePoint(n, i, x, y))
	}
	return points
}

func sectionPoints(n int) []point {
	var points []point
	for i := range longImages {
		points = append(points, imagePoint(n, i, sectionImageX, sectionTop+i*sectionHeight+sectionImageY))
	}
	return points
}

func imagePoint(n, place, x, y int) point {
	return point{x, y, paletteAt(imageOf(n, place) % imageCount), fmt.Sprintf("image %d", place+1)}
}

// appPoints are in the chart's legend and the first cells of some rows.
func appPoints(n int) []point {
	var points []point
	for i := range 3 {
		points = append(points, point{legendLeft + 30*i, legendMiddle, paletteAt(n + i), "the chart"})
	}
	for row := 0; row < 20; row += 6 {
		points = append(points, point{tableMargin, tableTop + row*tableStep + tableStep/2, paletteAt(n + row), fmt.Sprintf("row %d of the table", row+1)})
	}
	return points
}
