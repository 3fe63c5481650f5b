package chrometest

import (
	"bytes"
	"hash/fnv"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/url"
	"strconv"
	"strings"

	"darkroom"
)

// ColourOf is the colour of a Fake's picture of that URL.
func ColourOf(target string) color.NRGBA {
	if parsed, err := url.Parse(target); err == nil {
		if hex, ok := strings.CutPrefix(parsed.Path, "/colour/"); ok {
			if rgb, err := strconv.ParseUint(hex, 16, 24); err == nil {
				return rgbOf(uint32(rgb))
			}
		}
	}
	hash := fnv.New32a()
	hash.Write([]byte(target))
	return rgbOf(hash.Sum32())
}

func rgbOf(rgb uint32) color.NRGBA {
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 255}
}

// drawn makes the picture that the options ask for. Nothing in Go writes WebP,
// so webp is answered with the bytes of one prepared pixel image.
func drawn(request darkroom.CaptureRequest) (darkroom.Shot, error) {
	view := request.Options.Viewport()
	width, height := int(float64(view.Width)*view.Scale), int(float64(view.Height)*view.Scale)
	shot := darkroom.Shot{
		ContentType: request.Options.ContentType(), Width: width, Height: height,
		FinalURL: request.URL, HTTPStatus: 200, Title: "Fake page",
	}
	canvas := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{ColourOf(request.URL)})
	var out bytes.Buffer
	var err error
	switch request.Options.WithDefaults().Format {
	case "jpeg":
		err = jpeg.Encode(&out, canvas, nil)
	case "webp":
		out.Write(onePixelWebP())
		shot.Width, shot.Height = 1, 1
	case darkroom.FormatPDF:
		out.WriteString("%PDF-1.4\n%%EOF\n")
		shot.Width, shot.Height = 0, 0
	default:
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		err = encoder.Encode(&out, canvas)
	}
	if err != nil {
		return darkroom.Shot{}, darkroom.Errorf(darkroom.CodeInternal, "the fake picture could not be encoded: %w", err)
	}
	shot.Image = out.Bytes()
	return shot, nil
}
