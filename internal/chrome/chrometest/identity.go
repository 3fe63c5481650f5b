package chrometest

import (
	"fmt"
	"net/http"
)

// identityPages tell who the browser says it is.
func identityPages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		// Asks for /told?at=…&facts=… from the page, its frames and its workers of
		// each kind. The title is "told" in the end. ?frame= is an origin for a
		// frame from elsewhere.
		"/who": func(w http.ResponseWriter, r *http.Request) {
			writePage(w, fmt.Sprintf(whoPage, r.URL.Query().Get("frame")))
		},
		"/who-frame": html(`<script src="/who.js"></script><script>tell('frame').then(() => parent.postMessage('told', '*'))</script>`),
		"/who.js":    typed("text/javascript", whoScript),
		"/who-worker.js": typed("text/javascript", whoScript+`
if (self.SharedWorkerGlobalScope) onconnect = e => tell('shared').then(() => e.ports[0].postMessage('told'));
else if (self.ServiceWorkerGlobalScope) onmessage = e => e.waitUntil(tell('service').then(() => e.source.postMessage('told')));
else tell('worker').then(() => postMessage('told'));`),
		// Tells the page around it where it believes to be.
		"/where": html(`<script>navigator.geolocation.getCurrentPosition(p => parent.postMessage(p.coords.latitude + ',' + p.coords.longitude, '*'), () => parent.postMessage('refused', '*'))</script>`),
		// Green where its policy does not keep it from running its own script.
		"/csp-inline": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", "script-src 'none'")
			writePage(w, `<body style="background:#fff"><script>document.body.style.background = '#0f0'; document.title = 'ran'</script>`)
		},
		// The same with a policy of its own making.
		"/meta-policy": html(`<meta http-equiv="Content-Security-Policy" content="script-src 'none'"><body style="background:#fff"><script>document.body.style.background = '#0f0'; document.title = 'ran'</script>`),
		// Throws a session away that it finds, and loads itself again.
		"/signs-out": html(`<script>if (localStorage.token) { localStorage.clear(); location.reload() } else document.title = 'signed out'</script>`),
		"/told": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.WriteHeader(http.StatusNoContent)
		},
	}
}

const whoScript = `const tell = async at => {
  const hints = navigator.userAgentData ? await navigator.userAgentData.getHighEntropyValues(['fullVersionList', 'platformVersion', 'model', 'architecture']) : {};
  const format = Intl.DateTimeFormat().resolvedOptions();
  const facts = {ua: navigator.userAgent, platform: navigator.platform, languages: navigator.languages, hints, zone: format.timeZone, locale: format.locale, webdriver: !!navigator.webdriver};
  await fetch('/told?at=' + at + '&facts=' + encodeURIComponent(JSON.stringify(facts)));
};`

const whoPage = `<script src="/who.js"></script><script>(async () => {
  const told = on => new Promise(r => { on.onmessage = e => { if (e.data === 'told') r() } });
  const frames = ['', '%s'].map(at => { const f = document.createElement('iframe'); f.src = at + '/who-frame'; return f });
  let framesToGo = new Set(frames.map(f => f.src)).size;
  const framed = new Promise(r => addEventListener('message', e => { if (e.data === 'told' && --framesToGo === 0) r() }));
  await tell('page');
  await told(new Worker('/who-worker.js'));
  await told(new SharedWorker('/who-worker.js').port);
  const registration = await navigator.serviceWorker.register('/who-worker.js');
  await navigator.serviceWorker.ready;
  const answer = told(navigator.serviceWorker);
  registration.active.postMessage('who');
  await answer;
  addEventListener('load', () => {});
  [...new Map(frames.map(f => [f.src, f])).values()].forEach(f => document.body.append(f));
  await framed;
  document.title = 'told';
})().catch(e => { document.title = String(e) })</script><body>`
