package chrome

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"

	"darkroom"
	"darkroom/internal/chrome/chrometest"
	"darkroom/internal/egress"
	"darkroom/internal/isolation"
)

// generous bounds what only a broken program or a very slow machine exceeds.
const generous = 60 * time.Second

// rig is an engine with one slot, and a site served as two origins.
type rig struct {
	t      *testing.T
	engine *Engine
	slot   *Slot
	site   *chrometest.Pages
	url    string
	other  string // the same site at another origin
}

func newRig(t *testing.T, changes ...func(*Config)) *rig {
	t.Helper()
	policy, err := egress.NewPolicy(egress.Config{AllowPrivate: true, Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	config := Config{RunDir: filepath.Join(t.TempDir(), "run"), Policy: policy, Log: quietLog(), Isolation: isolation.Auto}
	for _, change := range changes {
		change(&config)
	}
	engine, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, engine: engine, site: chrometest.Site()}
	t.Cleanup(r.close)
	if r.slot, err = engine.OpenSlot(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.url, r.other = r.serve(), r.serve()
	return r
}

func (r *rig) serve() string {
	server := httptest.NewServer(r.site)
	r.t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

func quietLog() *slog.Logger {
	if os.Getenv("DARKROOM_TEST_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.DiscardHandler)
}

// close also checks that nothing is left of the engine.
func (r *rig) close() {
	if err := r.engine.Close(); err != nil {
		r.t.Errorf("close the engine: %v", err)
	}
	for _, path := range []string{r.engine.run.path, r.engine.run.asked} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			r.t.Errorf("%s is still there after Close (%v)", path, err)
		}
	}
}

// take captures a path of the site.
func (r *rig) take(path string, options darkroom.Options) (darkroom.Shot, error) {
	r.t.Helper()
	return r.takeIn("session", path, options)
}

func (r *rig) takeIn(session, path string, options darkroom.Options) (darkroom.Shot, error) {
	r.t.Helper()
	if options.Timeout == 0 {
		options.Timeout = int(generous.Milliseconds())
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), options.AttemptTimeout())
	defer cancel()
	shot, err := r.slot.Capture(ctx, darkroom.CaptureRequest{Session: session, URL: r.url + path, Options: options})
	if err != nil && len(shot.Image) > 0 {
		r.t.Errorf("%s: a failed capture has a picture", path)
	}
	if code := darkroom.CodeOf(err); err != nil && shot.Evidence == nil && code != darkroom.CodeInternal && code != darkroom.CodeCancelled {
		r.t.Errorf("%s: a failed capture (%s) has no evidence", path, code)
	}
	return shot, err
}

// good captures a path that must succeed.
func (r *rig) good(path string, options darkroom.Options) darkroom.Shot {
	r.t.Helper()
	shot, err := r.take(path, options)
	if err != nil {
		r.t.Fatalf("%s: %v", path, err)
	}
	return shot
}

// fails captures a path that must fail with that code.
func (r *rig) fails(path string, options darkroom.Options, code darkroom.Code) *darkroom.Error {
	r.t.Helper()
	_, err := r.take(path, options)
	failure, ok := errors.AsType[*darkroom.Error](err)
	if !ok || failure.Code != code {
		r.t.Fatalf("%s: got %v, want %s", path, err, code)
	}
	return failure
}

// settled waits until the slot has repaired itself.
func (r *rig) settled() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), generous)
	defer cancel()
	if err := r.slot.Prepare(ctx); err != nil {
		r.t.Fatal(err)
	}
}

func decode(t *testing.T, shot darkroom.Shot) image.Image {
	t.Helper()
	picture, format, err := image.Decode(bytes.NewReader(shot.Image))
	if err != nil {
		t.Fatalf("decode the picture: %v", err)
	}
	if "image/"+format != shot.ContentType {
		t.Errorf("the picture is %s, said to be %s", format, shot.ContentType)
	}
	if size := picture.Bounds().Size(); size.X != shot.Width || size.Y != shot.Height {
		t.Errorf("the picture is %v, said to be %d×%d", size, shot.Width, shot.Height)
	}
	return picture
}

// at names the colour of a pixel: "red", "green", … or its number. Lossy
// formats are allowed a little.
func at(picture image.Image, x, y int) string {
	c := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
	for name, want := range map[string]color.NRGBA{
		"red": {255, 0, 0, 255}, "green": {0, 255, 0, 255}, "blue": {0, 0, 255, 255},
		"white": {255, 255, 255, 255}, "black": {0, 0, 0, 255}, "yellow": {255, 255, 0, 255},
	} {
		if near(c.R, want.R) && near(c.G, want.G) && near(c.B, want.B) {
			return name
		}
	}
	return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
}

func near(a, b uint8) bool { return max(a, b)-min(a, b) <= 20 }

func wantPixel(t *testing.T, picture image.Image, x, y int, want string) {
	t.Helper()
	if !image.Pt(x, y).In(picture.Bounds()) {
		t.Errorf("there is no pixel (%d, %d) in %v", x, y, picture.Bounds())
		return
	}
	if got := at(picture, x, y); got != want {
		t.Errorf("pixel (%d, %d) is %s, want %s", x, y, got, want)
	}
}

func wantSize(t *testing.T, shot darkroom.Shot, width, height int) {
	t.Helper()
	if shot.Width != width || shot.Height != height {
		t.Errorf("the picture is %d×%d, want %d×%d", shot.Width, shot.Height, width, height)
	}
}

// pages counts the open pages of the slot's browser.
func (r *rig) pages() (n int) {
	r.t.Helper()
	r.settled()
	targets, err := call(r.t.Context(), r.slot.browser.conn.browser(), target.GetTargets, target.GetTargetsParams{})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, info := range targets.TargetInfos {
		if info.Type == "page" {
			n++
		}
	}
	return n
}
