package worker

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"darkroom"
	"darkroom/internal/store"
)

// keeping makes an engine that keeps pages as it is asked to, and writes down
// what it was asked for.
func keeping(b *bench) (asked *[]string) {
	asked = new([]string)
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		b.camera.mu.Lock()
		defer b.camera.mu.Unlock()
		line := fmt.Sprintf("%s %s%s", path(request), request.Options.WithDefaults().Format, request.Options.Device)
		if request.Keep {
			line += " keep"
		}
		*asked = append(*asked, line)
		shot := picture(request)
		shot.Kept = request.Keep
		return shot, nil
	}
	return asked
}

func inThreeWays(t *testing.T) func(*store.NewJob) {
	return func(request *store.NewJob) {
		for _, way := range []struct{ name, option, value string }{
			{"webp", "format", `"webp"`}, {"phone", "device", `"iPhone 14"`}, {"png", "format", `"png"`},
		} {
			option, _ := darkroom.FindOption(way.option)
			set := darkroom.OptionSet{}
			if err := set.Set(option, []byte(way.value)); err != nil {
				t.Fatal(err)
			}
			request.Variants = append(request.Variants, darkroom.Variant{Name: way.name, Set: set})
		}
	}
}

func TestASlotTakesAllOfAPage(t *testing.T) {
	b := newBench(t, 1)
	asked := keeping(b)
	job := b.create(t, inThreeWays(t), "/a", "/b")
	b.work(t, b.Worker)
	want := []string{
		"/a webp keep", "/a png", "/a pngiPhone 14",
		"/b webp keep", "/b png", "/b pngiPhone 14",
	}
	if !slices.Equal(*asked, want) {
		t.Errorf("the engine was asked for\n%q, want\n%q", *asked, want)
	}
	if ended := b.end(t, job.ID); ended.Progress.Completed != 6 {
		t.Errorf("%+v", ended.Progress)
	}
	for _, capture := range b.captures(t, job.ID) {
		if capture.Attempt != 1 || capture.Result.Size == 0 {
			t.Errorf("capture %d: attempt %d, %d bytes", capture.Ordinal, capture.Attempt, capture.Result.Size)
		}
	}
}

// A screenshot that somebody waits for comes between two pictures of a page.
// The slot that goes on then has another page, and asks for nothing special.
func TestAScreenshotComesBetweenTwoPicturesOfAPage(t *testing.T) {
	b := newBench(t, 1)
	asked := keeping(b)
	job := b.create(t, inThreeWays(t), "/a")
	own, err := b.pool.acquire(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.announce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.step(t.Context(), t.Context(), own); err != nil {
		t.Fatal(err)
	}
	if own.hint.PageOf != 1 {
		t.Fatalf("the slot does not know of its page: %+v", own.hint)
	}
	b.pool.release(own, b.Now())
	if _, err := b.Shoot(t.Context(), darkroom.CaptureRequest{Session: "s", URL: "http://site.test/now"}); err != nil {
		t.Fatal(err)
	}
	b.work(t, b.Worker)
	if len(*asked) != 4 || (*asked)[1] != "/now png" {
		t.Errorf("the engine was asked for %q", *asked)
	}
	if ended := b.end(t, job.ID); ended.Progress.Completed != 3 {
		t.Errorf("%+v", ended.Progress)
	}
}
