package chrometest

import "darkroom"

// hostileMemory take as much as they get.
func hostileMemory() []HostilePage {
	killed, patiently := ends(darkroom.CodeOutOfMemory), within(patient)
	return []HostilePage{
		{Name: "heap", Path: "/heap", Options: patiently, Codes: killed},
		{Name: "array buffers", Path: "/hostile/buffers", Options: patiently, Codes: killed, handler: script(`const all = []; for (;;) all.push(new Uint8Array(16 << 20).fill(7))`)},
		{Name: "strings", Path: "/hostile/strings", Options: patiently, Codes: killed, handler: script(`const all = []; for (let i = 0; ; i++) { const s = ('x' + i).repeat(5e6); s.charCodeAt(7); all.push(s.split('')) }`)},
		{Name: "canvases", Path: "/hostile/canvases", Options: patiently, Codes: killed, handler: script(`const all = []; for (let i = 0; i < 200; i++) { const c = document.createElement('canvas'); c.width = c.height = 8000; const g = c.getContext('2d', {willReadFrequently: true}); g.fillRect(0, 0, 8000, 8000); g.getImageData(0, 0, 1, 1); all.push(c) } document.write('<img src="/never">')`)},
		{Name: "WebGL textures", Path: "/hostile/webgl", Options: patiently, handler: script(`for (let k = 0; k < 20; k++) { const g = document.createElement('canvas').getContext('webgl'); if (!g) break; for (let i = 0; i < 20; i++) { const t = g.createTexture(); g.bindTexture(g.TEXTURE_2D, t); g.texImage2D(g.TEXTURE_2D, 0, g.RGBA, 4096, 4096, 0, g.RGBA, g.UNSIGNED_BYTE, null) } }`)},
		{Name: "filters", Path: "/hostile/filters", Options: patiently, handler: html(green + `<div style="filter:blur(300px) blur(300px) drop-shadow(300px 300px 300px red);width:2000px;height:2000px;background:#0f0">x</div>`)},
		{Name: "a filter of 200 steps", Path: "/hostile/svg-filter", Options: patiently, handler: script(`document.write('<svg width="3000" height="3000"><filter id="f">' + '<feTurbulence baseFrequency="0.9" numOctaves="9"/><feGaussianBlur stdDeviation="200"/>'.repeat(100) + '</filter><rect width="3000" height="3000" filter="url(#f)"/></svg>')`)},
		{Name: "elements", Path: "/hostile/elements", Options: patiently, Codes: killed, handler: script(`for (let i = 0; ; i++) { const e = document.createElement('p'); e.textContent = 'text ' + i; document.body.append(e) }`)},
		{Name: "elements in elements", Path: "/hostile/depth", Options: patiently, Codes: ends(darkroom.CodeRendererCrashed), handler: script(`let at = document.body; for (let i = 0; i < 200000; i++) { const e = document.createElement('b'); at.append(e); at = e }`)},
		{Name: "10,000 frames", Path: "/hostile/frames", Options: patiently, handler: script(`for (let i = 0; i < 10000; i++) document.body.append(document.createElement('iframe'))`)},
		{Name: "200 frames that load", Path: "/hostile/frames-load", Options: patiently, handler: script(`for (let i = 0; i < 200; i++) { const f = document.createElement('iframe'); f.src = '/colour/00ff00?' + i; f.width = f.height = 1; document.body.append(f) }`)},
		{Name: "frames in frames", Path: "/hostile/frames-deep", Options: within(soon), Codes: ends(darkroom.CodeTimeout), handler: html(green + `<iframe src="/hostile/frames-deeper?0" width="10" height="10"></iframe>`)},
		{Name: "workers that start workers", Path: "/hostile/workers", Options: patiently, handler: script(`new Worker('/hostile/worker.js')`)},
		{Name: "a grid of a billion cells", Path: "/hostile/grid", Options: patiently, handler: html(green + `<div style="display:grid;grid-template:repeat(100000,1px)/repeat(100000,1px)"><i style="grid-area:1/1/100000/100000"></i></div><table><td colspan="1000" rowspan="65000">x</table>`)},
		{Name: "variables that double", Path: "/hostile/css-doubles", Options: patiently, handler: script(`let css = ':root{--a0:xxxxxxxxxxxxxxxx;'; for (let i = 1; i < 60; i++) css += '--a' + i + ':var(--a' + (i - 1) + ') var(--a' + (i - 1) + ');'; document.write('<style>' + css + '}</style><p style="content:var(--a59)">x')`)},
		{Name: "stored data", Path: "/hostile/storage", Options: patiently, Codes: killed, handler: script(storageScript)},
		{Name: "blobs", Path: "/hostile/blobs", Options: patiently, Codes: killed, handler: script(`const all = []; const piece = new Uint8Array(64 << 20).fill(7); setInterval(() => all.push(new Blob([piece])), 1); document.write('<img src="/never">')`)},
		{Name: "messages to itself", Path: "/hostile/messages", Options: patiently, Codes: killed, handler: script(`const piece = new Uint8Array(16 << 20).fill(7); const all = []; onmessage = e => { all.push(e.data); postMessage(e.data); postMessage(e.data) }; postMessage(piece); document.write('<img src="/never">')`)},
		{Name: "answer that unpacks without end", Path: "/hostile/gzip-fetch", Options: patiently, Codes: killed, handler: script(`fetch('/hostile/gzip-page').then(r => r.arrayBuffer()); document.write('<img src="/never">')`)},
	}
}

// storageScript fills what a page may store, as fast as it can.
const storageScript = `
document.write('<img src="/never">');
const piece = new Uint8Array(32 << 20).fill(7);
(async () => {
  const cache = await caches.open('x');
  for (let i = 0; ; i++) await cache.put('/stored?' + i, new Response(piece));
})().catch(() => {});
const open = indexedDB.open('x');
open.onupgradeneeded = () => open.result.createObjectStore('s');
open.onsuccess = () => { let n = 0; const next = () => { const t = open.result.transaction('s', 'readwrite'); t.objectStore('s').put(piece, n++); t.oncomplete = next }; next() };
`

// hostilePictures are larger than they look.
func hostilePictures() []HostilePage {
	patiently, whole := within(patient), darkroom.Options{Timeout: patient, FullPage: true}
	cut := "truncated"
	return []HostilePage{
		{Name: "100,000 px high", Path: "/huge", Options: whole, Warning: cut},
		{Name: "10,000,000 px high", Path: "/hostile/tall", Options: whole, Warning: cut, handler: html(green + `<div style="height:10000000px"></div>`)},
		{Name: "grows when it is scrolled", Path: "/hostile/grows", Options: whole, Warning: cut, handler: html(green + `<div id="d" style="height:2000px"></div><script>addEventListener('scroll', () => { d.style.height = d.offsetHeight + 5000 + 'px' })</script>`)},
		{Name: "100,000 px wide", Path: "/hostile/wide", Options: whole, handler: html(green + `<div style="width:100000px;height:100px"></div>`)},
		{Name: "picture of 900 million pixels", Path: "/hostile/png-page", Options: patiently, handler: html(green + `<img width="300" height="300" src="/hostile/huge.png">`)},
		{Name: "moving picture of 20,000 frames", Path: "/hostile/gif-page", Options: patiently, handler: html(green + `<img width="300" height="300" src="/hostile/frames.gif">`)},
		{Name: "drawing that repeats itself", Path: "/hostile/svg-laughs", Options: patiently, Codes: ends(darkroom.CodeOutOfMemory), handler: html(green + `<img width="300" height="300" src="/hostile/laughs.svg">`)},
		{Name: "page that unpacks without end (gzip)", Path: "/hostile/gzip-page", Options: patiently, Codes: ends(darkroom.CodeOutOfMemory), handler: gzipBomb},
		{Name: "page that unpacks to 1 GB (br)", Path: "/hostile/br-page", Options: within(soon), Codes: ends(darkroom.CodeTimeout, darkroom.CodeOutOfMemory), handler: brotliBomb},
	}
}

// hostileFloods pour events over whoever listens.
func hostileFloods() []HostilePage {
	patiently := within(patient)
	return []HostilePage{
		{Name: "console of 10 million lines", Path: "/hostile/console", Options: patiently, handler: script(`let n = 0; setInterval(() => { for (let i = 0; i < 2000; i++) console.error('line', n++) }, 1)`)},
		{Name: "console with lines of 50 MB, and then a failure", Path: "/hostile/console-huge", Options: within(soon), Codes: ends(darkroom.CodeTimeout), handler: script(`for (let i = 0; i < 6; i++) console.error('x'.repeat(50e6) + i); document.write('<img src="/never">')`)},
		{Name: "errors without end", Path: "/hostile/errors", Options: patiently, handler: script(`setInterval(() => { Promise.reject(new Error('x'.repeat(1e5))); throw new Error('y'.repeat(1e5)) }, 1)`)},
		{Name: "address of 30 MB asked for", Path: "/hostile/data-url", Options: patiently, handler: script(`new Image().src = 'data:image/png;base64,' + 'A'.repeat(30e6); fetch('data:text/plain,' + 'A'.repeat(30e6)).catch(() => {})`)},
		{Name: "cookies without end", Path: "/hostile/cookies", Options: patiently, handler: script(`let n = 0; setInterval(() => { for (let i = 0; i < 100; i++) document.cookie = 'c' + n++ + '=' + 'x'.repeat(3000) }, 1)`)},
		{Name: "local storage to the brim", Path: "/hostile/local-storage", Options: patiently, handler: script(`let n = 0; setInterval(() => { try { localStorage['k' + n++] = 'x'.repeat(1e5); sessionStorage['k' + n] = 'x'.repeat(1e5) } catch { localStorage.clear() } }, 1)`)},
		{Name: "names for everything", Path: "/odd/shadowed", Options: patiently},
		{Name: "breaks the language", Path: "/odd/no-prototypes", Options: patiently},
		{Name: "takes itself away", Path: "/odd/no-root", Options: patiently},
		{Name: "stops itself with a debugger", Path: "/odd/debugger", Options: patiently},
	}
}
