package chrometest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"net/http"
	"strings"
	"sync"
)

// picturePages differ from one visit to the next, or are not what a visitor
// came for.
func picturePages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		// Everything that may differ: time, randomness, timers, frames, animations of every kind.
		"/restless":       html(restlessPage),
		"/restless-frame": html(`<p id="p"></p><script>p.textContent = 'frame ' + Date.now() + ' ' + Math.random(); setInterval(() => { p.textContent += '.' }, 100)</script>`),
		"/moving.gif":     movingGIF,
		// The same number of times a second, but never twice the same.
		"/unstable": html(`<body style="background:#fff"><canvas id="c" width="600" height="600"></canvas><script>
const w = new Worker(URL.createObjectURL(new Blob(['setInterval(() => postMessage(0), 5)']))), g = c.getContext('2d'); let n = 0;
w.onmessage = () => { g.fillStyle = 'hsl(' + (n++ * 37 % 360) + ' 100% 50%)'; g.fillRect(0, 0, 600, 600) };
</script>`),
		// Green once ?ms= have passed after the load event, by its own timer; a tenth of them is told at once.
		"/timer": func(w http.ResponseWriter, r *http.Request) {
			writePage(w, fmt.Sprintf(`<body style="background:#f00"><script>addEventListener('load', () => setTimeout(() => { document.body.style.background = '#0f0'; document.body.innerHTML = '<p id="late">late</p>' }, %q))</script>`, r.URL.Query().Get("ms")))
		},
		// Loads more from a timer: the page is green when that has come.
		"/timer-fetch": html(`<body style="background:#f00"><script>setTimeout(async () => { await fetch('/slow?ms=300'); setTimeout(() => { document.body.style.background = '#0f0' }, 500) }, 500)</script>`),
		// Waits by looking at the clock.
		"/busy-wait": html(`<body style="background:#f00"><script>const t = Date.now(); while (Date.now() - t < 200); const p = performance.now(); while (performance.now() - p < 200); document.body.style.background = '#0f0'</script>`),
		"/reopened":  html(`<body style="background:#f00"><script>addEventListener('load', () => { document.open(); document.write('<body style="background:#f00">'); document.close(); setTimeout(() => { document.body.style.background = '#0f0' }, 300) })</script>`),

		// Not what a visitor came for; the second of each pair is after a while.
		"/blank":             html(`<body style="background:#fff">`),
		"/blank-at-first":    html(`<body style="background:#fff">` + later(2000, `document.body.innerHTML = content`)),
		"/spinner":           html(spinner),
		"/spinner-at-first":  html(spinner + later(2000, `document.body.innerHTML = content`)),
		"/skeleton":          html(`<style>.skeleton-line{background:#ddd;height:30px;margin:20px}</style><p class="skeleton-line"></p><p class="skeleton-line"></p><p class="skeleton-line"></p>`),
		"/loading-text":      html(`<p>Loading…</p>`),
		"/wall":              html(wall),
		"/wall-at-first":     html(wall + later(2000, `location.href = '/content'`)),
		"/wall-in-words":     html(`<title>Shop</title><h1>shop.example</h1><p>Verify you are human by completing the action below.</p>`),
		"/article-on-walls":  html(`<title>How bot checks work</title><h1>Checking your browser before</h1>` + strings.Repeat(words, 30)),
		"/missing-images":    html(`<h1>Gallery</h1><img src="/nothing-1.png" width="200" height="200"><img src="/solid.svg?c=00ff00"><img src="/reset" width="200" height="200">`),
		"/hidden-images":     html(`<h1>Gallery</h1><img src="/nothing.png" style="display:none"><img src="/solid.svg?c=00ff00"><img style="visibility:hidden" src="/nothing.png">`),
		"/flaky-images":      html(`<h1>Gallery</h1><img src="/flaky.svg" width="200" height="200">`),
		"/flaky.svg":         flaky(),
		"/content":           html(content),
		"/one-word":          html(`<p>OK</p>`),
		"/background-images": html(`<h1>Gallery</h1><div style="width:200px;height:200px;background:url(/nothing.png)"></div>`),

		// Blank; spins from its second second on.
		"/hangs-later": html(`<body style="background:#fff">` + later(1000, `for (;;);`)),
		// Says on which paper it is to be printed.
		"/paper": html(`<style>@page{size:4in 4in}</style><p>small</p>`),

		// Everything that evidence names.
		"/troubled": troubled,
	}
}

const (
	content = `<h1>Content</h1><p style="background:#0f0;width:400px;height:400px">It is here.</p>`
	spinner = `<style>@keyframes turn{to{transform:rotate(360deg)}}.spinner{width:60px;height:60px;border:6px solid #ccc;border-top-color:#333;border-radius:50%;margin:300px auto;animation:turn 1s linear infinite}</style><div class="spinner"></div>`
	wall    = `<title>Just a moment...</title><h1>shop.example</h1><p>Checking if the site connection is secure</p><form id="challenge-form"></form>`
	words   = `<p>Sites ask whether you are a human. They say "verify you are human" and mean it.</p>`
)

// later does something a while after the load event.
func later(milliseconds int, do string) string {
	return fmt.Sprintf(`<script>const content = %q; addEventListener('load', () => setTimeout(() => { %s }, %d))</script>`, content, do, milliseconds)
}

// flaky answers the first request with an error, every other one with a
// picture.
func flaky() http.HandlerFunc {
	var once sync.Once
	return func(w http.ResponseWriter, r *http.Request) {
		first := false
		once.Do(func() { first = true })
		if first {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		solid(w, r)
	}
}

// movingGIF has four frames, fifty milliseconds each.
func movingGIF(w http.ResponseWriter, _ *http.Request) {
	palette := color.Palette{color.White, color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 255, 0, 255}, color.NRGBA{0, 0, 255, 255}, color.Black}
	moving := &gif.GIF{}
	for i := range 4 {
		frame := image.NewPaletted(image.Rect(0, 0, 100, 100), palette)
		for p := range frame.Pix {
			frame.Pix[p] = uint8(1 + i)
		}
		moving.Image, moving.Delay = append(moving.Image, frame), append(moving.Delay, 5)
	}
	var out bytes.Buffer
	if err := gif.EncodeAll(&out, moving); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "image/gif")
	_, _ = w.Write(out.Bytes())
}

// troubled answers ?echo= in its console.
func troubled(w http.ResponseWriter, r *http.Request) {
	writePage(w, fmt.Sprintf(`<body style="background:#0f0"><img src="/nothing.png"><img src="/reset"><script>
console.log('no error'); console.error('first', {a: 1}, %q);
fetch('/never?token=' + %[1]q);
setTimeout(() => { throw new Error('nobody catches this') });
Promise.reject(new TypeError('nor this'));
</script>`, r.URL.Query().Get("echo")))
}

const restlessPage = `<title>Restless</title>
<style>
body{background:#fff;font:20px sans-serif}
@keyframes slide{from{margin-left:0}to{margin-left:500px}}
@keyframes pulse{0%,100%{background:#f00}50%{background:#00f}}
.once{animation:slide 700ms ease-out forwards;width:40px;height:40px;background:#0a0}
.ever{animation:pulse 330ms infinite;width:40px;height:40px}
.tall{height:300px;overflow:scroll}
</style>
<pre id="said"></pre><p id="count">0</p><p id="turns">0</p>
<div class="once"></div><div class="ever"></div><img src="/moving.gif"><img src="/moving.gif" style="width:40px;height:40px;border-radius:20px">
<svg width="40" height="40"><rect width="40" height="40"><animate attributeName="x" from="0" to="40" dur="0.7s" repeatCount="indefinite"/></rect></svg>
<canvas id="noise" width="100" height="100"></canvas><input autofocus value="caret">
<iframe src="/restless-frame" style="border:0;width:600px;height:60px"></iframe>
<script>
const lines = [];
const say = (what, f) => { let v; try { v = String(f()) } catch (e) { v = e.name } lines.push(what + ' ' + v); said.textContent = lines.join('\n') };
say('now', () => Date.now());
say('date', () => new Date());
say('text', () => Date());
say('iso', () => new Date().toISOString());
say('local', () => new Date().toLocaleString());
say('intl', () => new Intl.DateTimeFormat(undefined, {dateStyle: 'full', timeStyle: 'long'}).format());
say('temporal', () => typeof Temporal === 'object' ? Temporal.Now.instant() : '');
say('performance', () => performance.now() + ' ' + performance.timeOrigin);
say('random', () => Math.random() + ' ' + Math.random());
say('bytes', () => crypto.getRandomValues(new Uint16Array(4)));
say('uuid', () => crypto.randomUUID ? crypto.randomUUID() : '');
say('modified', () => document.lastModified);
say('zone', () => Intl.DateTimeFormat().resolvedOptions().timeZone + ' ' + navigator.language);
addEventListener('load', e => say('load', () => e.timeStamp + ' ' + performance.now()));
let n = 0, f = 0;
setInterval(() => { count.textContent = ++n + ' ' + Date.now() }, 10);
(function step(t) { turns.textContent = ++f + ' ' + t; requestAnimationFrame(step) })(0);
(async () => { for (let i = 0; i < 5; i++) { await new Promise(r => setTimeout(r, 77)); say('waited', () => performance.now()) } })();
const g = noise.getContext('2d');
(function paint() { for (let i = 0; i < 50; i++) { g.fillStyle = 'rgb(' + [0, 0, 0].map(() => Math.random() * 255) + ')'; g.fillRect(Math.random() * 100, Math.random() * 100, 5, 5) } setTimeout(paint, 30) })();
fetch('/slow?ms=150').then(() => say('fetched', () => Date.now()));
fetch('/slow?ms=50').then(() => say('fetched, the faster one', () => Date.now()));
const x = new XMLHttpRequest(); x.onload = () => say('status', () => x.status); x.open('GET', '/content'); x.send();
</script>`
