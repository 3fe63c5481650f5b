package main

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/png" // what the pictures are
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// inspect looks at the pictures of a round and gives a sentence for each page
// that has none, or one that lacks something.
func inspect(t task) ([]string, error) {
	sentences := make([]string, len(t.urls))
	problems := make([]error, len(t.urls))
	places := make(chan int)
	var wait sync.WaitGroup
	for range runtime.NumCPU() {
		wait.Go(func() {
			for place := range places {
				sentences[place], problems[place] = lackOf(t, place)
			}
		})
	}
	for place := range t.urls {
		places <- place
	}
	close(places)
	wait.Wait()
	return slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), errors.Join(problems...)
}

// lackOf is "" for a complete picture.
func lackOf(t task, place int) (string, error) {
	points, err := pointsOf(t.urls[place], t.full)
	if err != nil {
		return "", err
	}
	picture, err := readPicture(t.file(place))
	if errors.Is(err, fs.ErrNotExist) {
		return t.urls[place] + " has no picture", nil
	}
	if err != nil {
		return fmt.Sprintf("%s has a broken picture: %v", t.urls[place], err), nil
	}
	if lacks := missing(picture, points, t.full); len(lacks) > 0 {
		return t.urls[place] + " lacks " + strings.Join(lacks, ", "), nil
	}
	return "", nil
}

func readPicture(path string) (image.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	return picture, err
}

// missing names what a picture lacks, each thing once.
func missing(picture image.Image, points []point, full bool) []string {
	if size := picture.Bounds().Size(); size.X != viewWidth || size.Y != pictureHeight(full) {
		return []string{fmt.Sprintf("its size: it is %d × %d", size.X, size.Y)}
	}
	var lacks []string
	for _, p := range points {
		if !alike(around(picture, p.x, p.y), p.colour) && !slices.Contains(lacks, p.what) {
			lacks = append(lacks, p.what)
		}
	}
	return lacks
}

// around is the mean colour of 5 × 5 pixels, because images come as JPEG.
func around(picture image.Image, x, y int) color.RGBA {
	var sum [3]uint32
	for dy := -2; dy <= 2; dy++ {
		for dx := -2; dx <= 2; dx++ {
			r, g, b, _ := picture.At(x+dx, y+dy).RGBA()
			sum[0], sum[1], sum[2] = sum[0]+r>>8, sum[1]+g>>8, sum[2]+b>>8
		}
	}
	return color.RGBA{uint8(sum[0] / 25), uint8(sum[1] / 25), uint8(sum[2] / 25), 255}
}

// alike allows for what JPEG and scaling do to a plain field.
func alike(a, b color.RGBA) bool {
	const tolerance = 16
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= tolerance }
	return near(a.R, b.R) && near(a.G, b.G) && near(a.B, b.B)
}
