package chrometest

import (
	"compress/gzip"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"unicode/utf16"
)

// oddPages are pages as they are found in the wild. Unless something else is
// said, one that was taken rightly is green where a test looks.
func oddPages() map[string]http.HandlerFunc {
	all := map[string]http.HandlerFunc{}
	for _, pages := range []map[string]http.HandlerFunc{oddWindows(), oddElements(), oddStyles(), oddScripts(), oddAnswers(), oddRedirects()} {
		maps.Copy(all, pages)
	}
	return all
}

// oddWindows are about heights, widths and what is painted where.
func oddWindows() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/odd/vh-chain":     html(band("100vh", "f00") + band("100svh", "00f") + band("100dvh", "0f0")),
		"/odd/min-vh":       html(`<div style="min-height:100vh;background:#f00"></div><div style="height:1000px;background:#0f0"></div>`),
		"/odd/percent":      html(`<style>html,body,div{height:100%}</style><div style="background:#0f0"></div>`),
		"/odd/sticky-side":  html(`<div style="display:flex;height:4000px"><div style="position:sticky;top:0;width:400px;height:720px;background:#f00"></div><div style="flex:1;background:#0f0"></div></div>`),
		"/odd/fixed-footer": html(`<div style="height:3000px;background:#0f0"></div><div style="position:fixed;bottom:0;left:0;right:0;height:50px;background:#f00"></div>`),
		"/odd/inner-scroll": html(`<body style="overflow:hidden;height:100vh"><div style="height:720px;overflow:auto"><div style="height:3000px;background:linear-gradient(#0f0 50%,#f00 0)"></div></div>`),
		"/odd/wide":         html(`<div style="width:5000px;height:720px;background:linear-gradient(90deg,#0f0 1280px,#f00 0)"></div>`),
		"/odd/rtl":          html(`<html dir="rtl"><div style="width:3000px;height:720px;background:linear-gradient(270deg,#0f0 1280px,#f00 0)"></div>`),
		"/odd/negative":     html(`<div style="position:absolute;left:-500px;top:-300px;width:3000px;height:2000px;background:#0f0"></div>`),
		"/odd/columns":      html(`<div style="columns:2;column-gap:0;height:720px"><div style="height:720px;background:#f00"></div><div style="height:720px;background:#0f0"></div></div>`),
		"/odd/snap":         html(`<style>html{scroll-snap-type:y mandatory;scroll-behavior:smooth}div{scroll-snap-align:start}</style>` + band("100vh", "f00") + band("100vh", "00f") + band("100vh", "0f0")),
		"/odd/growing":      html(`<body style="background:#0f0;min-height:100vh"><script>let n = 0; addEventListener('scroll', () => { if (n++ < 40 && scrollY + innerHeight * 2 > document.body.scrollHeight) document.body.insertAdjacentHTML('beforeend', '<p style="height:700px;margin:0;background:#0f0"></p>') }); document.body.insertAdjacentHTML('beforeend', '<p style="height:1500px;margin:0"></p>')</script>`),
		"/odd/reveal":       html(`<style>div{height:800px;opacity:0;transition:opacity .3s}.in{opacity:1}</style>` + strings.Repeat(`<div style="background:#0f0"></div>`, 4) + `<script>const o = new IntersectionObserver(all => all.forEach(e => e.isIntersecting && e.target.classList.add('in'))); document.querySelectorAll('div').forEach(d => o.observe(d))</script>`),
		"/odd/visibility":   html(`<style>section{content-visibility:auto;contain-intrinsic-size:auto 500px;height:1000px;background:#0f0}</style>` + strings.Repeat(`<section></section>`, 5)),
		"/odd/zoom":         html(`<body style="zoom:2"><div style="width:300px;height:200px;background:#0f0"></div>`),
		"/odd/transform":    html(`<div style="transform:rotate(180deg);width:1280px;height:720px;background:linear-gradient(#f00 50%,#0f0 0)"></div>`),
		"/odd/perspective":  html(`<div style="transform:perspective(500px) rotateX(0deg) translateZ(0);width:1280px;height:720px;background:#0f0;will-change:transform"></div>`),
		"/odd/blend":        html(`<body style="background:#ff0"><div style="mix-blend-mode:multiply;background:#0f0;height:720px"></div>`),
		"/odd/filter":       html(`<div style="filter:hue-rotate(0) invert(1);background:#f0f;height:720px"></div>`),
		"/odd/backdrop":     html(`<body style="background:#f0f"><div style="backdrop-filter:invert(1);position:fixed;inset:0"></div>`),
		"/odd/clip-path":    html(`<body style="background:#0f0"><div style="clip-path:inset(0 0 50% 0);background:#f00;height:1440px"></div><div style="position:absolute;inset:0;background:#0f0"></div>`),
		"/odd/gradient":     html(`<div style="height:2000000px;background:#0f0"></div>`),
	}
}

// oddElements hold what they show in an unusual way.
func oddElements() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/odd/shadow":   html(`<x-box></x-box><script>customElements.define('x-box', class extends HTMLElement { constructor() { super(); this.attachShadow({mode: 'closed'}).innerHTML = '<style>div{height:720px;background:#0f0}</style><div></div>' } })</script>`),
		"/odd/template": html(`<x-tree><template shadowrootmode="open"><div style="height:720px;background:#0f0"></div></template></x-tree>`),
		"/odd/modal":    html(`<body style="background:#f00"><dialog style="width:1280px;height:720px;max-width:none;max-height:none;margin:0;border:0;padding:0;background:#0f0"></dialog><script>document.querySelector('dialog').showModal()</script>`),
		"/odd/popover":  html(`<body style="background:#f00"><div popover style="inset:0;width:100%;height:100%;border:0;margin:0;background:#0f0"></div><script>document.querySelector('[popover]').showPopover()</script>`),
		"/odd/details":  html(`<details open><summary style="height:20px"></summary><div style="height:700px;background:#0f0"></div></details>`),
		"/odd/frameset": plain("text/html", `<frameset cols="50%,50%" border="0"><frame src="/colour/f00"><frame src="/colour/0f0"></frameset>`),
		"/odd/nested":   html(fillFrame("/odd/nested-2")),
		"/odd/nested-2": html(fillFrame("/odd/nested-3")),
		"/odd/nested-3": html(fillFrame("/colour/0f0")),
		"/odd/srcdoc":   html(`<iframe style="border:0;width:1280px;height:720px" srcdoc="<body style='margin:0;background:#0f0'>"></iframe>`),
		"/odd/sandbox":  html(`<iframe sandbox style="border:0;width:1280px;height:720px" src="/colour/0f0"></iframe>`),
		"/odd/lazy-frame": html(`<div style="height:2000px"></div>` +
			`<iframe loading="lazy" style="border:0;width:1280px;height:720px;display:block" src="/colour/0f0"></iframe>`),
		"/odd/denied-frame":   html(`<body style="background:#0f0"><iframe style="border:0" src="/odd/deny"></iframe>`),
		"/odd/deny":           headed("X-Frame-Options", "DENY", background("f00")),
		"/odd/frame-to-204":   html(`<body style="background:#0f0"><iframe src="/204"></iframe>`),
		"/odd/frame-reset":    html(`<body style="background:#0f0"><iframe style="border:0;width:10px;height:10px" src="/reset"></iframe>`),
		"/odd/frame-of-self":  html(`<body style="background:#0f0"><iframe style="border:0;height:10px" src="/odd/frame-of-self"></iframe>`),
		"/odd/object":         html(`<object style="width:1280px;height:720px;display:block" type="text/html" data="/colour/0f0"></object>`),
		"/odd/embed":          html(`<embed style="width:200px;height:200px;display:block" type="image/svg+xml" src="/solid.svg?c=00ff00">`),
		"/odd/picture":        html(`<picture><source media="(min-width:1px)" srcset="/solid.svg?c=00ff00"><img src="/solid.svg?c=ff0000"></picture>`),
		"/odd/srcset":         html(`<img srcset="/solid.svg?c=ff0000 1x, /solid.svg?c=00ff00 2x">`),
		"/odd/data-image":     html(`<img style="width:300px;height:300px" src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E%3Crect width='9' height='9' fill='lime'/%3E%3C/svg%3E">`),
		"/odd/blob-image":     html(`<script>const i = new Image(300, 300); i.src = URL.createObjectURL(new Blob(['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9" fill="lime"/></svg>'], {type: 'image/svg+xml'})); document.write('<div id=d>'); d.append(i)</script>`),
		"/odd/css-image":      html(`<div style="height:720px;background:url(/solid.svg?c=00ff00&amp;ms=400) 0 0/100% 100%"></div>`),
		"/odd/canvas":         html(`<canvas id="c" width="1280" height="720"></canvas><script>const g = c.getContext('2d'); g.fillStyle = '#0f0'; g.fillRect(0, 0, 1280, 720)</script>`),
		"/odd/bitmap":         html(`<canvas id="c" width="1280" height="720"></canvas><script>const o = c.transferControlToOffscreen(), g = o.getContext('2d'); g.fillStyle = '#0f0'; g.fillRect(0, 0, 1280, 720)</script>`),
		"/odd/late-canvas":    html(`<canvas id="c" width="1280" height="720"></canvas><script>addEventListener('load', () => requestAnimationFrame(() => { const g = c.getContext('2d'); g.fillStyle = '#0f0'; g.fillRect(0, 0, 1280, 720) }))</script>`),
		"/odd/svg-use":        html(`<svg width="600" height="600"><defs><rect id="r" width="600" height="600" fill="lime"/></defs><use href="#r"/></svg>`),
		"/odd/foreign-object": html(`<svg width="600" height="600"><foreignObject width="600" height="600"><div xmlns="http://www.w3.org/1999/xhtml" style="height:600px;background:#0f0"></div></foreignObject></svg>`),
		"/odd/no-video":       html(`<body style="background:#0f0"><video src="/video" autoplay muted loop></video><audio src="/nothing.mp3" autoplay></audio>`),
		"/odd/form":           html(`<body style="background:#0f0"><form action="/colour/f00"><input name="a"><button id="b">go</button></form><script>document.forms[0].onsubmit = e => e.preventDefault(); b.click()</script>`),
		"/odd/noscript":       html(`<body style="background:#0f0"><noscript><style>body{background:#f00!important}</style></noscript>`),
		"/odd/template-only":  html(`<template><style>body{background:#f00}</style></template><body style="background:#0f0">`),
	}
}

// oddStyles depend on style sheets, fonts and policies.
func oddStyles() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/odd/slow-import": html(`<style>@import url(/odd/green.css?ms=500);</style>`),
		"/odd/green.css": func(w http.ResponseWriter, r *http.Request) {
			pause(r)
			plain("text/css", `body{background:#0f0}`)(w, r)
		},
		"/odd/late-sheet":      html(`<body style="min-height:700px"><script>const l = document.createElement('link'); l.rel = 'stylesheet'; l.href = '/odd/green.css?ms=400'; document.head.append(l)</script>`),
		"/odd/no-sheet":        html(`<link rel="stylesheet" href="/nothing.css"><body style="background:#0f0">`),
		"/odd/broken-sheet":    html(`<style>body{background:#f00}} i{} body{background:#0f0} @media{</style>`),
		"/odd/missing-font":    html(`<style>@font-face{font-family:Gone;src:url(/nothing.woff2)}body{font:40px Gone,sans-serif;background:#0f0}</style><p>text`),
		"/odd/print-only":      html(`<style>body{background:#0f0}@media print{body{background:#f00}}</style>`),
		"/odd/container":       html(`<style>main{container-type:inline-size}@container(min-width:1000px){div{background:#0f0}}</style><main><div style="height:720px"></div></main>`),
		"/odd/layers":          html(`<style>@layer a,b;@layer b{body{background:#0f0}}@layer a{body{background:#f00}}</style>`),
		"/odd/has":             html(`<style>body:has(b.x){background:#0f0}</style><b class="x"></b>`),
		"/odd/dark-default":    html(`<meta name="color-scheme" content="dark"><div style="background:#0f0;height:720px"></div>`),
		"/odd/csp-nonce":       headed("Content-Security-Policy", "script-src 'nonce-abc'; style-src 'unsafe-inline'", `<body style="background:#f00"><script nonce="abc">document.body.style.setProperty('background', '#0f0')</script>`),
		"/odd/csp-report-only": headed("Content-Security-Policy-Report-Only", "script-src 'self'; report-uri /policy-report", `<body style="background:#0f0">`),
		"/odd/csp-frames":      headed("Content-Security-Policy", "frame-ancestors 'none'; upgrade-insecure-requests", `<body style="background:#0f0">`),
		"/odd/sandboxed":       headed("Content-Security-Policy", "sandbox", `<body style="background:#0f0">`),
		"/odd/trusted-types":   headed("Content-Security-Policy", "require-trusted-types-for 'script'", `<body style="background:#0f0">`),
		"/odd/isolated":        isolated,
	}
}

// oddScripts are in the way of whoever wants to look at their page.
func oddScripts() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/odd/throws":           html(`<body style="background:#0f0"><script>throw new Error('at once')</script><script>Promise.reject(1)</script>`),
		"/odd/no-prototypes":    html(`<body style="background:#0f0"><script>window.requestAnimationFrame = window.setTimeout = window.Promise = undefined; Array.prototype.push = Array.prototype.map = () => { throw 1 }; Object.defineProperty(document, 'images', {get() { throw 2 }}); document.querySelectorAll = () => { throw 3 }</script>`),
		"/odd/shadowed":         html(`<body style="background:#0f0"><form name="fonts"></form><form name="title"></form><img name="images"><img name="body"><form name="getAnimations"></form>`),
		"/odd/no-root":          html(`<script>addEventListener('load', () => document.documentElement.remove())</script>`),
		"/odd/empty-body":       html(`<script>addEventListener('load', () => { document.body.remove(); document.documentElement.style.background = '#0f0' })</script>`),
		"/odd/closes-itself":    html(`<body style="background:#0f0"><script>close(); window.close()</script>`),
		"/odd/stops-itself":     html(`<body style="background:#0f0"><img src="/never"><script>setTimeout(() => stop(), 300)</script>`),
		"/odd/document-write":   html(`<script>addEventListener('load', () => { document.write('<body style="background:#0f0">'); document.close() })</script>`),
		"/odd/replace-state":    html(`<body style="background:#0f0"><script>history.replaceState(null, '', '/somewhere/else?x=1#y')</script>`),
		"/odd/hash":             html(`<div style="height:3000px;background:#f00"></div><div id="end" style="height:2000px;background:#0f0"></div><script>location.hash = 'end'</script>`),
		"/odd/frame-buster":     html(`<body style="background:#0f0"><script>if (top !== self) top.location = self.location</script>`),
		"/odd/debugger":         html(`<body style="background:#0f0"><script>debugger; setInterval(() => { debugger }, 20)</script>`),
		"/odd/synchronous":      html(`<body style="background:#f00"><script>const x = new XMLHttpRequest(); x.open('GET', '/slow?ms=500', false); x.send(); document.body.style.background = '#0f0'</script>`),
		"/odd/websocket":        html(`<body style="background:#0f0"><script>new WebSocket('ws://' + location.host + '/nothing'); new EventSource('/drip')</script>`),
		"/odd/worker-storm":     html(`<body style="background:#0f0"><script>for (let i = 0; i < 20; i++) new Worker('data:text/javascript,postMessage(1)')</script>`),
		"/odd/service-worker":   html(`<body style="background:#0f0"><script>navigator.serviceWorker.register('/state-worker')</script>`),
		"/odd/vibrates":         html(`<body style="background:#0f0"><script>navigator.vibrate?.(100); document.documentElement.requestFullscreen?.().catch(() => {}); document.body.requestPointerLock?.(); navigator.share?.({title: 'x'}).catch(() => {})</script>`),
		"/odd/protocol":         html(`<body style="background:#0f0"><script>location.href = 'mailto:a@example.com'; setTimeout(() => { location.href = 'tel:123' })</script>`),
		"/odd/javascript-url":   html(`<body style="background:#f00"><script>location.href = "javascript:void(document.body.style.background = '#0f0')"</script>`),
		"/odd/ten-thousand":     html(`<body style="background:#0f0">` + strings.Repeat(`<i></i>`, 10_000)),
		"/odd/deep":             html(`<body style="background:#0f0">` + strings.Repeat(`<div>`, 2_000)),
		"/odd/long-text":        html(`<body style="background:#0f0;white-space:nowrap">` + strings.Repeat("long ", 100_000)),
		"/odd/mutations":        html(`<body style="background:#0f0"><p id="p"></p><script>setInterval(() => { p.textContent += 'x' }, 1)</script>`),
		"/odd/endless-promises": html(`<body style="background:#0f0"><script>(async () => { for (;;) await new Promise(r => setTimeout(r)) })()</script>`),
	}
}

// oddAnswers come in an unusual way.
func oddAnswers() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/odd/no-type":        headed("Content-Type", "", pageHead+background("0f0")),
		"/odd/wrong-type":     plain("text/html", `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="720"><rect width="1280" height="720" fill="lime"/></svg>`),
		"/odd/svg":            plain("image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="720"><rect width="1280" height="720" fill="lime"/></svg>`),
		"/odd/xhtml":          plain("application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"><body style="margin:0;background:#0f0"/></html>`),
		"/odd/bad-xhtml":      plain("application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"><body style="margin:0;background:#0f0"><p>open</body></html>`),
		"/odd/xml":            plain("application/xml", `<?xml version="1.0"?><?xml-stylesheet href="data:text/css,:root{display:block;background:lime;height:720px}"?><root/>`),
		"/odd/json":           plain("application/json", `{"a": [1, 2, 3]}`),
		"/odd/csv":            plain("text/csv", "a,b\n1,2\n"),
		"/odd/javascript":     plain("text/javascript", "alert(1)"),
		"/odd/audio":          plain("audio/mpeg", "ID3"),
		"/odd/octets":         plain("application/octet-stream", "\x00\x01\x02"),
		"/odd/multipart":      plain("multipart/x-mixed-replace; boundary=x", "--x\r\nContent-Type: text/html\r\n\r\n"+pageHead+background("0f0")+"\r\n--x--\r\n"),
		"/odd/windows-1251":   plain("text/html; charset=windows-1251", "<title>\xcf\xf0\xe8\xe2\xe5\xf2</title><body style='margin:0;background:#0f0'>"),
		"/odd/utf-16":         utf16Page,
		"/odd/bom":            plain("text/html", "\ufeff"+pageHead+"<title>Größe</title>"+background("0f0")),
		"/odd/quirks":         plain("text/html", `<body style="margin:0" bgcolor="#00ff00"><table height="100%"><tr><td>`),
		"/odd/empty":          plain("text/html", ""),
		"/odd/blanks":         plain("text/html", "\n\n   \n"),
		"/odd/nul":            plain("text/html", "<body style='margin:0;background:#0f0'>\x00\x00"),
		"/odd/unclosed":       plain("text/html", `<!doctype html><body style="margin:0;background:#0f0"><table><div><p><b><i><script>1</script><textarea>`),
		"/odd/gzip":           zipped,
		"/odd/bad-gzip":       headed("Content-Encoding", "gzip", "no gzip at all"),
		"/odd/unknown-coding": headed("Content-Encoding", "zebra", pageHead+background("0f0")),
		"/odd/early-hints":    earlyHints,
		"/odd/many-headers":   manyHeaders,
		"/odd/many-cookies":   manyCookies,
		"/odd/206": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = fmt.Fprint(w, pageHead, background("0f0"))
		},
		"/odd/205":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusResetContent) },
		"/odd/304":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
		"/odd/base":     html(`<base href="/odd/"><link rel="stylesheet" href="green.css">`),
		"/odd/dripping": dripping,
	}
}

// oddRedirects lead somewhere, or nowhere.
func oddRedirects() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/odd/refresh": headed("Refresh", "0;url=/colour/0f0", background("f00")),
		"/odd/no-location": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusFound)
			_, _ = fmt.Fprint(w, pageHead, background("0f0"))
		},
		"/odd/relative": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "../colour/0f0")
			w.WriteHeader(http.StatusSeeOther)
		},
		"/odd/to-fragment": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/colour/0f0#there")
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"/odd/ping-pong": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/odd/ping-pong?"+r.URL.RawQuery+"x", http.StatusFound)
		},
		"/odd/to-data": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "data:text/html,<body style='background:lime'>")
			w.WriteHeader(http.StatusFound)
		},
		"/odd/to-javascript": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "javascript:alert(1)")
			w.WriteHeader(http.StatusFound)
		},
		"/odd/to-blank": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "about:blank")
			w.WriteHeader(http.StatusFound)
		},
	}
}

func band(height, colour string) string {
	return fmt.Sprintf(`<div style="height:%s;background:#%s"></div>`, height, colour)
}

func fillFrame(path string) string {
	return fmt.Sprintf(`<iframe style="border:0;width:1280px;height:720px;display:block" src="%s"></iframe>`, path)
}

func plain(contentType, body string) http.HandlerFunc { return typed(contentType, body) }

// headed answers with one more header.
func headed(name, value, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set(name, value)
		if value == "" {
			w.Header()[name] = nil // not guessed either
		}
		if !strings.HasPrefix(body, pageHead) {
			body = pageHead + body
		}
		_, _ = fmt.Fprint(w, body)
	}
}

func isolated(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
	w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
	w.Header().Set("Origin-Agent-Cluster", "?1")
	writePage(w, `<body style="background:#f00"><script>if (crossOriginIsolated) document.body.style.background = '#0f0'</script>`)
}

func utf16Page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	body := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune("<title>Größe</title><body style='margin:0;background:#0f0'>")) {
		body = append(body, byte(unit), byte(unit>>8))
	}
	_, _ = w.Write(body)
}

func zipped(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Content-Encoding", "gzip")
	packer := gzip.NewWriter(w)
	_, _ = fmt.Fprint(packer, pageHead, background("0f0"))
	_ = packer.Close()
}

func earlyHints(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Link", "</odd/green.css>; rel=preload; as=style")
	w.WriteHeader(http.StatusEarlyHints)
	writePage(w, `<link rel="stylesheet" href="/odd/green.css">`)
}

func manyHeaders(w http.ResponseWriter, _ *http.Request) {
	for i := range 200 {
		w.Header().Set(fmt.Sprintf("X-Odd-%d", i), strings.Repeat("x", 100))
	}
	writePage(w, background("0f0"))
}

func manyCookies(w http.ResponseWriter, _ *http.Request) {
	for i := range 100 {
		http.SetCookie(w, &http.Cookie{Name: fmt.Sprintf("c%d", i), Value: strings.Repeat("v", 50)})
	}
	writePage(w, background("0f0"))
}

// dripping sends its page in pieces.
func dripping(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/html")
	for _, piece := range strings.SplitAfter(pageHead+background("0f0"), ">") {
		if _, err := fmt.Fprint(w, piece); err != nil || control.Flush() != nil || r.Context().Err() != nil {
			return
		}
	}
}
