package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"strconv"
	"sync"
)

// Size of a postcard, in pixels.
const (
	postcardWidth  = 720
	postcardHeight = 480
)

// postcardServer serves the postcards by name. Each is painted when it is first
// asked for.
func postcardServer() http.HandlerFunc {
	painted := map[string]func() []byte{}
	for _, card := range postcardList() {
		painted[card.Name] = sync.OnceValue(func() []byte { return encode(postcard(card.Number)) })
	}
	return func(w http.ResponseWriter, r *http.Request) {
		content, ok := painted[r.PathValue("name")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content())))
		serve(w, "image/png", content())
	}
}

func encode(picture image.Image) []byte {
	var content bytes.Buffer
	if err := png.Encode(&content, picture); err != nil {
		panic(err) // memory takes every byte, and the picture is our own
	}
	return content.Bytes()
}

// postcard paints a bay in flat bands of colour, as old posters do.
func postcard(number int) image.Image {
	inks := [][]color.RGBA{
		{{0xfb, 0xe3, 0xb5, 255}, {0xf2, 0x8f, 0x5b, 255}, {0xb4, 0x4b, 0x5c, 255}, {0x4a, 0x2f, 0x5e, 255}, {0x1d, 0x1e, 0x3d, 255}},
		{{0xe8, 0xf4, 0xf1, 255}, {0x9f, 0xd3, 0xcf, 255}, {0x4f, 0xa0, 0xa8, 255}, {0x1f, 0x65, 0x78, 255}, {0x0d, 0x34, 0x45, 255}},
		{{0xf6, 0xe9, 0xd2, 255}, {0xd9, 0xb8, 0x7f, 255}, {0x93, 0x9b, 0x63, 255}, {0x46, 0x68, 0x56, 255}, {0x1f, 0x36, 0x3a, 255}},
		{{0x1c, 0x2b, 0x4f, 255}, {0x2d, 0x4a, 0x78, 255}, {0x3a, 0x63, 0x8f, 255}, {0x16, 0x27, 0x47, 255}, {0x0a, 0x12, 0x26, 255}},
	}[number%4]
	r := chance(number * 31)
	var hills [3][postcardWidth]float64 // height of each column
	for i := range hills {
		curve := noise(r)
		for x := range hills[i] {
			hills[i][x] = curve(float64(x) / 150)
		}
	}
	sunX, sunY, radius := between(r, 150, 570), between(r, 90, 170), between(r, 36, 62)
	picture := image.NewRGBA(image.Rect(0, 0, postcardWidth, postcardHeight))
	for y := range postcardHeight {
		for x := range postcardWidth {
			picture.SetRGBA(x, y, postcardPixel(inks, &hills, sunX, sunY, radius, float64(x), float64(y)))
		}
	}
	return picture
}

func postcardPixel(inks []color.RGBA, hills *[3][postcardWidth]float64, sunX, sunY, radius, x, y float64) color.RGBA {
	const horizon, border = 318.0, 20.0
	if x < border || y < border || x >= postcardWidth-border || y >= postcardHeight-border {
		return color.RGBA{0xfd, 0xfa, 0xf2, 255}
	}
	if y > horizon {
		return water(inks, sunX, radius, x, y-horizon)
	}
	for i := len(hills) - 1; i >= 0; i-- {
		top := horizon - 78 + float64(i)*30 - (58-float64(i)*12)*hills[i][int(x)]
		if y > top {
			return inks[2+i]
		}
	}
	distance := math.Hypot(x-sunX, y-sunY)
	switch {
	case distance < radius:
		return color.RGBA{0xff, 0xf6, 0xdc, 255}
	case distance < radius*1.7:
		return blend(inks[0], color.RGBA{0xff, 0xf6, 0xdc, 255}, .45)
	}
	return blend(inks[0], inks[1], math.Floor(y/horizon*9)/9)
}

// water mirrors the light below the sun in bars that grow longer towards the
// viewer.
func water(inks []color.RGBA, sunX, radius, x, depth float64) color.RGBA {
	bar := math.Mod(depth, 15) < 5+2*math.Sin(depth/7)
	reach := radius * (.5 + depth/90) * (1 + .35*math.Sin(depth*1.7))
	if bar && math.Abs(x-sunX) < reach {
		return blend(inks[0], color.RGBA{0xff, 0xf6, 0xdc, 255}, .5)
	}
	return blend(inks[2], inks[4], math.Floor(depth/142*7)/7)
}

func blend(a, b color.RGBA, part float64) color.RGBA {
	mix := func(from, to uint8) uint8 { return uint8(float64(from) + (float64(to)-float64(from))*part) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}
