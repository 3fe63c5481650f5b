package chrome

import (
	"context"
	"strings"
	"testing"

	"darkroom"
)

// plantAll makes a page, and a frame in it from elsewhere, put something in
// every place that a browser remembers; and grants it a permission, a password
// and a session.
func (r *rig) plantAll(session string) {
	r.t.Helper()
	foreign := strings.Replace(r.other, "127.0.0.1", "localhost", 1)
	options := darkroom.Options{
		WaitUntil: "networkidle", Geolocation: &darkroom.Geolocation{Latitude: 1, Longitude: 2},
		JS: `const frame = document.createElement('iframe'); frame.src = '` + foreign + `/plant-frame';
			const told = await new Promise(r => { onmessage = e => r(e.data); document.body.append(frame) });
			if (told !== 'planted') throw new Error(told);
			while (document.title !== 'planted') await new Promise(r => setTimeout(r, 20));
			const status = await new Promise(r => { const x = new XMLHttpRequest(); x.open('GET', '/auth', true, 'me', 'secret'); x.onload = () => r(x.status); x.send() });
			if (status !== 200) throw new Error('not logged in: ' + status);
			` + whereAmI,
	}
	shot, err := r.takeIn(session, "/plant", options)
	if err != nil || shot.Title != "1,2" {
		r.t.Fatalf("planting: %q, %v", shot.Title, err)
	}
}

// leftOver looks for what was planted, at both origins, in a slot.
func (r *rig) leftOver(slot *Slot, session string) string {
	r.t.Helper()
	foreign := strings.Replace(r.other, "127.0.0.1", "localhost", 1)
	look := func(at, path string, options darkroom.Options) string {
		options.Timeout = int(generous.Milliseconds())
		ctx, cancel := context.WithTimeout(r.t.Context(), generous)
		defer cancel()
		shot, err := slot.Capture(ctx, darkroom.CaptureRequest{Session: session, URL: at + path, Options: options})
		if err != nil {
			r.t.Fatal(err)
		}
		return shot.Title
	}
	probed := darkroom.Options{JS: "while (!document.title.startsWith('left:')) await new Promise(r => setTimeout(r, 20))"}
	framed := darkroom.Options{JS: `const frame = document.createElement('iframe'); frame.src = '` + foreign + `/probe-frame'; frame.referrerPolicy = 'no-referrer';
		document.title = await new Promise(r => { onmessage = e => r(e.data); document.body.append(frame) })`}
	return strings.Join([]string{
		look(r.url, "/probe", probed), look(foreign, "/probe", probed), look(r.url, "/colour/fff", framed),
		look(r.url, "/logged-in", darkroom.Options{}), look(r.url, "/colour/fff", darkroom.Options{JS: whereAmI}),
	}, " | ")
}

const nothingLeft = "left: | left: | left: | 401 | refused"

// TestIsolation plants everything by a page and by a third party's frame, and
// looks in the next capture of the same slot, in another slot of the same job,
// and in another job.
func TestIsolation(t *testing.T) {
	t.Parallel()
	for name, strict := range map[string]bool{"shared": false, "strict": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.Strict = strict })
			another, err := r.engine.OpenSlot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range []struct {
				name    string
				slot    *Slot
				session string
			}{{"the next capture", r.slot, "a"}, {"another slot", another, "a"}, {"another job", r.slot, "b"}} {
				if strict && row.slot == another {
					continue // another browser, however its pages are isolated
				}
				r.t = t
				r.plantAll("a")
				if got := r.leftOver(row.slot, row.session); got != nothingLeft {
					t.Errorf("%s finds %q", row.name, got)
				}
			}
		})
	}
}

// The test above means something only if the frame's probe finds what its
// frame has planted.
func TestTheFrameProbeFinds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	foreign := strings.Replace(r.other, "127.0.0.1", "localhost", 1)
	script := `const show = path => new Promise(r => { const f = document.createElement('iframe'); onmessage = e => r(e.data); f.src = '` + foreign + `' + path; document.body.append(f) });
		await show('/plant-frame'); document.title = await show('/probe-frame')`
	title := r.good("/colour/fff", darkroom.Options{JS: script}).Title
	for _, what := range []string{"cookie", "local", "indexeddb", "cache"} {
		if !strings.Contains(title, what) {
			t.Errorf("the probe overlooks %s: %q", what, title)
		}
	}
}
