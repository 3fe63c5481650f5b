package chrometest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/image/font/gofont/goregular"
)

// lookPages are pages whose look is known pixel by pixel.
func lookPages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/{$}":             html(`<title>Odd pages</title><h1>Odd pages</h1>`),
		"/colour/{colour}": func(w http.ResponseWriter, r *http.Request) { writePage(w, background(r.PathValue("colour"))) },
		"/solid.svg":       solid,
		// A band of another colour every 100 px: red, green, blue, white, and again.
		"/tall": tall,
		// Pictures that load only when they come into view, by attribute and by observer.
		"/lazy": html(lazyPage),
		// A picture in view that is added after the load event and takes a while.
		"/late-image": html(`<body onload="setTimeout(() => { const i = new Image(1280, 720); i.style.display = 'block'; i.src = '/solid.svg?c=00ff00&ms=400'; document.body.append(i) })">`),
		// Black letters in a font that takes a while; invisible until it has come.
		"/font":     html(`<style>@font-face{font-family:Slow;src:url(/slow.ttf?ms=600);font-display:block}p{font:900 400px/1 Slow;margin:0}</style><p>MMMM</p>`),
		"/slow.ttf": slowFont,
		// A header that sticks to the top of the window.
		"/sticky": html(`<div style="position:sticky;top:0;height:50px;background:#f00"></div><div style="height:3000px;background:#00f"></div>`),
		// A block as high as the window, then another.
		"/vh": html(`<div style="height:100vh;background:#00f"></div><div style="height:2000px;background:#f00"></div>`),
		// The window's upper half is fixed.
		"/fixed":      html(`<div style="position:fixed;top:0;left:0;right:0;height:50vh;background:#0f0"></div><div style="height:3000px;background:#00f"></div>`),
		"/fixed-tall": html(`<div style="position:fixed;top:0;left:0;right:0;height:50vh;background:#0f0"></div><div style="height:40000px;background:#00f"></div>`),
		// White by day, black by night.
		"/dark": html(`<style>body{background:#fff}@media(prefers-color-scheme:dark){body{background:#000}}</style>`),
		// Becomes visible over a minute; an endless one beside it swaps two colours.
		"/animation": html(animationPage),
		// A blinking caret on white.
		"/caret": html(`<input autofocus style="font-size:300px;border:0;outline:0;width:1280px;height:720px;caret-color:#f00;caret-shape:block" value="">`),
		// Laid out for desktops: no viewport tag, 980 px wide.
		"/desktop-only": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprint(w, `<!doctype html><style>body{margin:0}</style><div style="height:3000px;background:linear-gradient(90deg,#f00 50%,#00f 50%)"></div>`)
		},
		// A red element below the first window, 300 × 200 at (100, 1000).
		"/element": html(`<body style="background:#fff;height:3000px"><div id="it" style="position:absolute;left:100px;top:1000px;width:300px;height:200px;background:#f00"></div><div class="gone" style="display:none"></div>`),
		// Two layers: a green page under a red cover.
		"/covered": html(`<body style="background:#0f0"><div class="cover" style="position:fixed;inset:0;background:#f00"></div>`),
		// The title is what the expression ?of= gives, in the page's own world.
		"/fact": fact,
		// What the window knows of itself, as text, for people.
		"/frames": html(`<iframe src="/colour/00ff00" style="border:0;width:1280px;height:720px"></iframe>`),
		"/webgl":  html(`<canvas id="c" width="400" height="300"></canvas><script>const g = document.getElementById('c').getContext('webgl'); if (g) { g.clearColor(0,1,0,1); g.clear(g.COLOR_BUFFER_BIT) }</script>`),
	}
}

func background(colour string) string {
	return fmt.Sprintf(`<title>Colour</title><body style="background:#%s">`, strings.Trim(colour, "<>\"'; "))
}

func tall(w http.ResponseWriter, r *http.Request) {
	height, err := strconv.Atoi(r.URL.Query().Get("height"))
	if err != nil {
		height = 3000
	}
	writePage(w, fmt.Sprintf(`<div style="height:%dpx;background:repeating-linear-gradient(#f00 0 100px,#0f0 100px 200px,#00f 200px 300px,#fff 300px 400px)"></div>`, height))
}

const lazyPage = `<style>div{height:1500px}img,i{display:block;width:200px;height:200px}</style>
<div></div><img loading="lazy" src="/solid.svg?c=00ff00&amp;ms=100">
<div></div><i></i>
<div></div>
<script>
new IntersectionObserver((entries, own) => { for (const e of entries) if (e.isIntersecting) { e.target.style.background = '#f00'; own.disconnect() } }).observe(document.querySelector('i'));
</script>`

const animationPage = `<style>
@keyframes appear{from{opacity:0}to{opacity:1}}
@keyframes swap{0%,49%{background:#f00}50%,100%{background:#ff0}}
div{position:absolute;top:0;height:720px;width:640px}
#a{left:0;background:#0f0;animation:appear 60s linear both}
#b{left:640px;background:#00f;animation:swap 1s infinite}
</style><div id="a"></div><div id="b"></div>`

func slowFont(w http.ResponseWriter, r *http.Request) {
	pause(r)
	w.Header().Set("Content-Type", "font/ttf")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(goregular.TTF)
}

func fact(w http.ResponseWriter, r *http.Request) {
	expression, err := json.Marshal(r.URL.Query().Get("of"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writePage(w, fmt.Sprintf(`<script>
const tell = v => { document.title = typeof v === 'string' ? v : JSON.stringify(v) };
let v; try { v = eval(%s) } catch (e) { v = String(e) }
Promise.resolve(v).then(tell, e => tell(String(e)));
</script>`, expression))
}
