package chrometest

import (
	"fmt"
	"net/http"
)

// trapPages try to hold, to crash or to flood the browser.
func trapPages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		// The load event never comes: a picture never ends.
		"/endless": html(background("0f0") + `<img src="/never">`),
		"/drip": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "image/gif")
			forever(w, r, " ")
		},
		"/drip-html": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			forever(w, r, "<p>x")
		},
		"/long-poll":  html(background("0f0") + `<script>fetch('/drip')</script>`),
		"/never":      func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"/busy":       html(background("0f0") + `<script>(async () => { for (;;) await fetch('/solid.svg') })()</script>`),
		"/spin":       html(`<script>for (;;);</script>`),
		"/spin-later": html(background("0f0") + `<script>addEventListener('load', () => setTimeout(() => { for (;;); }))</script>`),
		"/spin-frame": html(background("0f0") + `<script>requestAnimationFrame(() => { for (;;); })</script>`),
		"/worker":     html(background("0f0") + `<script>new Worker(URL.createObjectURL(new Blob(['for (;;);'])))</script>`),
		// Client-side loops.
		"/meta-loop":   html(`<meta http-equiv="refresh" content="0;url=/meta-loop">`),
		"/reload-loop": html(`<script>addEventListener('load', () => setTimeout(() => location.reload()))</script>`),
		"/push-storm":  html(background("0f0") + `<script>for (let i = 0; i < 1000; i++) try { history.pushState(i, '', '#' + i) } catch {}</script>`),
		// Client-side redirects.
		"/meta":        to(`<meta http-equiv="refresh" content="0;url=%s">`),
		"/meta-slow":   to(background("0f0") + `<meta http-equiv="refresh" content="60;url=%s">`),
		"/js-redirect": to(`<script>addEventListener('load', () => { location.href = '%s' })</script>`),
		"/js-download": html(background("0f0") + `<script>addEventListener('load', () => { location.href = '/download' })</script>`),
		// Dialogs.
		"/alert":        html(background("0f0") + `<script>alert(1); confirm(2); prompt(3)</script>`),
		"/alerts":       html(background("0f0") + `<script>for (let i = 0; i < 1000; i++) alert(i)</script>`),
		"/beforeunload": html(background("0f0") + `<script>onbeforeunload = e => { e.preventDefault(); return 'stay' }</script>`),
		// Never lets itself be left.
		"/clings": html(background("0f0") + `<script>onpagehide = () => { for (;;); }</script>`),
		// Asks before it is left, which counts once it was clicked.
		"/leave": html(`<a id="l" href="/colour/0f0">go</a><script>onbeforeunload = e => { e.preventDefault(); return 'stay' }</script>`),
		// Asks for more than one thing.
		"/many":        html(background("0f0") + `<script>for (let i = 0; i < 20; i++) new Image().src = '/solid.svg?' + i</script>`),
		"/print":       html(background("0f0") + `<script>print()</script>`),
		"/permissions": html(permissionsPage),
		// Popups of every kind; each would ask for /popped.
		"/popups": html(popupsPage),
		"/popped": html(`<script>fetch('/popped-ran')</script>`),
		// Memory.
		"/heap":    html(`<script>const a = []; for (;;) a.push(new Array(100000).fill({}))</script>`),
		"/buffers": html(`<script>const a = []; setInterval(() => { const b = new Uint8Array(64 << 20); for (let i = 0; i < b.length; i += 4096) b[i] = i; a.push(b) }, 1)</script>`),
		// 100,000 px high.
		"/huge": html(`<div style="height:99900px;background:#f00"></div><div style="height:100px;background:#0f0"></div>`),
	}
}

func to(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { writePage(w, fmt.Sprintf(body, r.URL.Query().Get("to"))) }
}

const popupsPage = `<body style="background:#0f0"><a id="a" target="_blank" rel="noopener" href="/popped?a">x</a>
<form id="f" target="_blank" action="/popped"></form><script>
for (let i = 0; i < 10; i++) { open('/popped?' + i); open('/popped?n' + i, '_blank', 'noopener') }
open('');
document.getElementById('a').click(); document.getElementById('f').submit();
</script>`

const permissionsPage = `<body style="background:#0f0"><script>
const asked = [];
const ask = (name, f) => asked.push(Promise.race([f(), new Promise(r => setTimeout(r, 2000, 'no answer'))]).then(v => name + ':' + v, e => name + ':' + e.name));
ask('geolocation', () => new Promise((r, x) => navigator.geolocation.getCurrentPosition(() => r('granted'), () => r('denied'))));
ask('notifications', () => Notification.requestPermission());
ask('camera', () => navigator.mediaDevices.getUserMedia({video: true}).then(() => 'granted'));
ask('clipboard', () => navigator.clipboard.readText().then(() => 'granted'));
Promise.all(asked).then(all => { document.title = all.join(' ') });
</script>`
