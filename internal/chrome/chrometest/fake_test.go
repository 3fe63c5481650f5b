package chrometest

import (
	"bytes"
	"context"
	"image/color"
	"image/png"
	"testing"
	"testing/synctest"
	"time"

	"darkroom"
)

func TestFake(t *testing.T) { synctest.Test(t, testFake) }

func testFake(t *testing.T) {
	var fake Fake
	capture := func(path string, options darkroom.Options) (darkroom.Shot, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		return fake.Capture(ctx, darkroom.CaptureRequest{URL: "http://example.com" + path, Options: options})
	}
	for path, want := range map[string]darkroom.Code{
		"/": "", "/fail/tls_error": darkroom.CodeTLSError, "/status/503": darkroom.CodeHTTPError, "/status/200": "",
		"/hang": darkroom.CodeTimeout, "/slow/100000": darkroom.CodeTimeout, "/slow/1": "",
	} {
		shot, err := capture(path, darkroom.Options{Width: 320, Height: 240})
		if got := darkroom.CodeOf(err); got != want {
			t.Errorf("%s gave %q, want %q", path, got, want)
		}
		if (len(shot.Image) > 0) != (want == "") {
			t.Errorf("%s gave a picture of %d bytes", path, len(shot.Image))
		}
	}
	for i, want := range []darkroom.Code{darkroom.CodeTimeout, darkroom.CodeTimeout, ""} {
		if _, err := capture("/fail/timeout/2", darkroom.Options{}); darkroom.CodeOf(err) != want {
			t.Errorf("try %d gave %v, want %q", i+1, err, want)
		}
	}
	fake.On("/mine", func(context.Context, darkroom.CaptureRequest) (darkroom.Shot, error) {
		return darkroom.Shot{Title: "mine"}, nil
	})
	if shot, err := capture("/mine", darkroom.Options{}); err != nil || shot.Title != "mine" {
		t.Errorf("an own answer gave %q, %v", shot.Title, err)
	}
	if calls := fake.Calls(); len(calls) != 11 || fake.Peak() != 1 {
		t.Errorf("%d calls, %d at once", len(calls), fake.Peak())
	}
}

func TestFakePicturesDecode(t *testing.T) {
	var fake Fake
	request := darkroom.CaptureRequest{URL: "http://example.com/colour/ff8000", Options: darkroom.Options{Width: 320, Height: 240}}
	shot, err := fake.Capture(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(shot.Image))
	if err != nil || picture.Bounds().Dx() != 320 || picture.Bounds().Dy() != 240 {
		t.Fatalf("the picture: %v, %v", picture, err)
	}
	if got := color.NRGBAModel.Convert(picture.At(5, 5)); got != (color.NRGBA{255, 128, 0, 255}) {
		t.Errorf("the colour is %v", got)
	}
}
