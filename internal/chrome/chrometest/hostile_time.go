package chrometest

import (
	"net/http"

	"darkroom"
)

// hostileLoads never finish loading something.
func hostileLoads() []HostilePage {
	timeout := ends(darkroom.CodeTimeout)
	return []HostilePage{
		{Name: "never answers", Path: "/never", Options: within(soon), Codes: timeout},
		{Name: "dripping page", Path: "/drip-html", Options: within(soon), Codes: timeout},
		{Name: "hanging picture", Path: "/endless", Options: within(soon), Codes: timeout},
		{Name: "dripping picture", Path: "/hostile/drip-image", Options: within(soon), Codes: timeout, handler: html(green + `<img src="/hostile/drip.png">`)},
		{Name: "style sheet that never comes", Path: "/hostile/no-sheet", Options: within(soon), Codes: timeout, handler: html(`<link rel="stylesheet" href="/never">` + green)},
		{Name: "script that never comes", Path: "/hostile/no-script", Options: within(soon), Codes: timeout, handler: html(green + `<script src="/never"></script>`)},
		{Name: "request that blocks the page", Path: "/hostile/sync-request", Options: within(soon), Codes: timeout, handler: script(`const x = new XMLHttpRequest(); x.open('GET', '/never', false); x.send()`)},
		{Name: "font that never comes", Path: "/hostile/no-font", Options: within(patient), Warning: "had not loaded", handler: afterLoad(`const f = new FontFace('Never', 'url(/never)'); document.fonts.add(f); f.load()`)},
		{Name: "picture in view that never comes", Path: "/hostile/late-picture", Options: within(patient), Warning: "had not loaded", handler: html(green + `<img loading="lazy" width="300" height="300" src="/never">`)},
		{Name: "long poll", Path: "/long-poll", Options: within(patient)},
		{Name: "requests without end", Path: "/busy", Options: within(patient)},
		{Name: "event stream without end", Path: "/hostile/events", Options: within(patient), handler: script(`new EventSource('/hostile/event-stream')`)},
		{Name: "open WebSocket", Path: "/hostile/websocket", Options: within(patient), handler: script(`for (let i = 0; i < 20; i++) new WebSocket('ws://' + location.host + '/hostile/socket')`)},
		{Name: "never at rest", Path: "/hostile/never-idle", Options: darkroom.Options{Timeout: soon, WaitUntil: "networkidle"}, Codes: timeout, handler: script(`setInterval(() => fetch('/drip'), 100)`)},
		{Name: "more requests than it may", Path: "/hostile/requests", Options: within(patient), Codes: ends(darkroom.CodeTooLarge), handler: script(`(async () => { for (let i = 0; ; i++) await Promise.all(Array.from({length: 50}, (_, k) => fetch('/solid.svg?' + i + '.' + k))) })(); document.write('<img src="/never">')`)},
	}
}

// hostileLoops keep a processor busy.
func hostileLoops() []HostilePage {
	timeout := ends(darkroom.CodeTimeout)
	loop := func(name, path string, codes []darkroom.Code, handler http.HandlerFunc) HostilePage {
		limit := patient
		if codes != nil {
			limit = soon
		}
		return HostilePage{Name: name, Path: path, Options: within(limit), Codes: codes, handler: handler}
	}
	return []HostilePage{
		loop("loops at once", "/spin", timeout, nil),
		loop("loops after load", "/spin-later", timeout, nil),
		loop("loops in a frame callback", "/spin-frame", timeout, nil),
		loop("loops in an interval", "/hostile/spin-interval", timeout, script(`setInterval(() => { for (;;); }, 1)`)),
		loop("loops in promises", "/hostile/spin-promise", timeout, script(`const again = () => Promise.resolve().then(again); again()`)),
		loop("loops in a regular expression", "/hostile/spin-regexp", timeout, script(`/^(a+)+$/.test('a'.repeat(60) + 'b')`)),
		loop("loops in a mutation observer", "/hostile/spin-mutation", timeout, script(`new MutationObserver(() => document.body.append('x')).observe(document.body, {childList: true}); document.body.append('x')`)),
		loop("loops in a getter that everybody reads", "/hostile/spin-getter", nil, script(`for (const name of ['title', 'images', 'fonts', 'URL', 'body']) Object.defineProperty(document, name, {get() { for (;;); }})`)),
		loop("loops in a worker", "/worker", nil, nil),
		loop("loops in fifty workers", "/hostile/spin-workers", nil, script(`for (let i = 0; i < 50; i++) new Worker(URL.createObjectURL(new Blob(['for (;;);'])))`)),
		loop("loops in a shared worker", "/hostile/spin-shared", nil, script(`new SharedWorker('data:text/javascript,for(;;);')`)),
		loop("loops in a frame", "/hostile/spin-iframe", timeout, html(green+`<iframe src="/spin"></iframe>`)),
		loop("layout without end", "/hostile/layout", nil, script(`setInterval(() => { for (let i = 0; i < 200; i++) { document.body.style.paddingLeft = i + 'px'; document.body.offsetHeight } }, 1)`)),
		loop("timers without end", "/hostile/timers", nil, script(`setInterval(() => { for (let i = 0; i < 1000; i++) setTimeout(() => {}, 1) }, 1)`)),
		loop("animations without end", "/hostile/animations", nil, script(`for (let i = 0; i < 5000; i++) { const e = document.createElement('i'); document.body.append(e); e.animate([{opacity: 0}, {opacity: 1}], {duration: 100, iterations: Infinity}) }`)),
	}
}

// hostileNavigations never stay where they are.
func hostileNavigations() []HostilePage {
	wandering := ends(darkroom.CodeTooManyRedirects)
	patiently := within(patient)
	return []HostilePage{
		{Name: "redirects to itself", Path: "/redirect-loop", Options: patiently, Codes: wandering},
		{Name: "redirects on and on", Path: "/odd/ping-pong", Options: patiently, Codes: wandering},
		{Name: "refreshes without end", Path: "/meta-loop", Options: patiently, Codes: wandering},
		{Name: "reloads without end", Path: "/reload-loop", Options: darkroom.Options{Timeout: patient, WaitUntil: "networkidle"}, Codes: wandering},
		{Name: "goes elsewhere without end", Path: "/hostile/location-loop", Options: patiently, Codes: wandering, handler: html(`<script>location.href = '/hostile/location-loop?' + Math.random()</script>`)},
		{Name: "submits itself without end", Path: "/hostile/submit-loop", Options: patiently, Codes: wandering, handler: html(`<form><input name="x"></form><script>document.forms[0].elements[0].value = Math.random(); document.forms[0].submit()</script>`)},
		{Name: "history storm", Path: "/hostile/history-storm", Options: patiently, handler: script(`let n = 0; setInterval(() => { for (let i = 0; i < 500; i++) try { history.pushState(null, '', '?' + n++) } catch {} }, 1)`)},
		{Name: "fragment storm", Path: "/hostile/hash-storm", Options: patiently, handler: script(`let n = 0; setInterval(() => { location.hash = n++ }, 1)`)},
		{Name: "frame that goes elsewhere without end", Path: "/hostile/frame-storm", Options: patiently, handler: html(green + `<iframe src="/hostile/frame-wanders"></iframe>`)},
		{Name: "redirects to a file", Path: "/hostile/to-file", Options: patiently, Codes: ends(darkroom.CodeBlockedTarget), handler: redirects("file:///etc/passwd")},
		{Name: "redirects to the browser's own page", Path: "/hostile/to-chrome", Options: patiently, Codes: ends(darkroom.CodeBlockedTarget), handler: redirects("chrome://crash")},
		{Name: "redirects to a metadata service", Path: "/hostile/to-metadata", Options: patiently, Codes: ends(darkroom.CodeBlockedTarget), handler: redirects("http://169.254.169.254/latest/meta-data/")},
		{Name: "redirects to data", Path: "/odd/to-data", Options: patiently, Codes: ends(darkroom.CodeBlockedTarget)},
	}
}

func redirects(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}
