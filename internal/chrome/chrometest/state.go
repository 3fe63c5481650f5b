package chrometest

import (
	"net/http"
	"strings"
	"time"
)

// statePages plant whatever a browser may remember, and look for it.
func statePages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		// The title is "planted" when all of it is in place.
		"/plant": func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "planted", Value: "1", Expires: time.Now().Add(time.Hour)})
			writePage(w, plantPage)
		},
		// The title names what is still there; "" is nothing.
		"/probe": html(probePage),
		// The same in a frame, which tells the page around it.
		"/plant-frame": func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "planted", Value: "1", SameSite: http.SameSiteNoneMode, Secure: true})
			writePage(w, plantPage+tellParent)
		},
		// Plants what needs no worker, and again and again whatever happens to it.
		"/plant-stubborn": html(stubbornPage),
		// The same, and its policy does not let it be emptied.
		"/plant-behind-policy": headed("Content-Security-Policy", "script-src 'nonce-abc'", strings.Replace(stubbornPage, "<script", "<script nonce=abc", 1)),
		"/probe-frame":         html(probePage + tellParent),
		"/state-worker":        typed("text/javascript", stateWorker),
		// Logs in by script, so that the browser remembers the password: in the page, in a frame, in a worker of either kind.
		"/login":               html(`<script>` + loginScript + `document.title = login()</script>`),
		"/login-frame":         html(`<iframe src="/login"></iframe><script>document.querySelector('iframe').onload = e => { document.title = e.target.contentDocument.title }</script>`),
		"/login-worker":        html(`<script>new Worker('/login.js').onmessage = e => { document.title = e.data }</script>`),
		"/login-blob":          html(`<script>fetch('/login.js').then(r => r.text()).then(t => { new Worker(URL.createObjectURL(new Blob(['const base = "' + location.origin + '";' + t]))).onmessage = e => { document.title = e.data } })</script>`),
		"/login-shared-worker": html(`<script>new SharedWorker('/login.js').port.onmessage = e => { document.title = e.data }</script>`),
		"/login-url":           html(`<script>location.href = location.protocol + '//me:secret@' + location.host + '/auth'</script>`),
		"/login.js":            typed("text/javascript", loginScript+`if (self.postMessage) postMessage(login()); else onconnect = e => e.ports[0].postMessage(login())`),
		// The title tells whether a request without credentials is let in.
		"/logged-in": html(`<script>const x = new XMLHttpRequest(); x.open('GET', '/auth', false); x.send(); document.title = String(x.status)</script>`),
	}
}

const tellParent = `<script>(async () => {
  while (!document.title) await new Promise(r => setTimeout(r, 20));
  parent.postMessage(document.title, '*');
})()</script>`

const loginScript = `const login = () => {
  const x = new XMLHttpRequest();
  x.open('GET', (typeof base === 'string' ? base : '') + '/auth', false, 'me', 'secret');
  x.send();
  return String(x.status);
};`

const plantPage = `<body style="background:#0f0"><script>(async () => {
  window.name = 'planted';
  localStorage.planted = sessionStorage.planted = '1';
  history.pushState({planted: 1}, '', '/plant?2');
  const db = await new Promise((r, x) => { const q = indexedDB.open('planted'); q.onupgradeneeded = () => q.result.createObjectStore('s'); q.onsuccess = () => r(q.result); q.onerror = x });
  db.close();
  await (await caches.open('planted')).put('/planted', new Response('1'));
  await navigator.serviceWorker.register('/state-worker');
  await navigator.serviceWorker.ready;
  const dir = await navigator.storage.getDirectory();
  await dir.getFileHandle('planted', {create: true});
  const bus = new BroadcastChannel('planted');
  new SharedWorker('data:text/javascript,setInterval(() => new BroadcastChannel("planted").postMessage("shared"), 50)');
  document.title = 'planted';
})().catch(e => { document.title = String(e) })</script>`

const stubbornPage = `<body style="background:#0f0"><script>
  const plant = () => {
    window.name = 'planted';
    localStorage.planted = sessionStorage.planted = document.cookie = 'planted=1';
    history.replaceState({planted: 1}, '', '/plant-stubborn?2');
    navigation.updateCurrentEntry({state: {planted: 1}});
  };
  plant();
  indexedDB.open('planted');
  caches.open('planted');
  document.title = 'planted';
  for (const event of ['pagehide', 'unload', 'beforeunload', 'blur', 'freeze']) addEventListener(event, plant);
  document.addEventListener('visibilitychange', plant);
  const tick = () => { plant(); requestAnimationFrame(tick) };
  tick();
  setInterval(plant, 10);
  const port = new MessageChannel();
  port.port1.onmessage = () => { plant(); setTimeout(() => port.port2.postMessage(0), 10) };
  port.port2.postMessage(0);
  fetch('/slow?ms=300').then(plant);
</script>`

const probePage = `<body style="background:#0f0"><script>(async () => {
  const found = [];
  const note = (name, there) => { if (there) found.push(name) };
  const heard = new Set(); const bus = new BroadcastChannel('planted'); bus.onmessage = m => heard.add(m.data);
  note('name', window.name !== '');
  note('cookie', document.cookie !== '');
  note('local', localStorage.length > 0);
  note('session', sessionStorage.length > 0);
  // There are two entries: an empty page, and this one.
  note('history', history.length > 2 || history.state !== null);
  note('navigation', typeof navigation === 'object' && navigation.entries().slice(0, -1).some(e => e.getState() !== undefined || e.url !== location.origin + '/'));
  note('indexeddb', (await indexedDB.databases()).length > 0);
  note('cache', (await caches.keys()).length > 0);
  note('controller', navigator.serviceWorker.controller !== null);
  note('worker', (await navigator.serviceWorker.getRegistrations()).length > 0);
  const dir = await navigator.storage.getDirectory();
  for await (const name of dir.keys()) note('file', true);
  note('referrer', document.referrer !== '');
  note('opener', window.opener !== null);
  await new Promise(r => setTimeout(r, 500));
  for (const h of heard) note('heard-' + h, true);
  document.title = 'left: ' + found.join(' ');
})().catch(e => { document.title = String(e) })</script>`

const stateWorker = `onactivate = e => e.waitUntil(clients.claim());
setInterval(() => new BroadcastChannel('planted').postMessage('service'), 50);
onfetch = e => { if (e.request.url.includes('/planted')) e.respondWith(new Response('planted')) }`

// actPages wait for something to be done to them.
func actPages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		// Green once the button was really clicked.
		"/button": html(`<body style="background:#fff;height:3000px"><button id="b" style="position:absolute;top:2000px">go</button><script>b.onclick = e => { document.body.style.background = e.isTrusted ? '#0f0' : '#00f' }</script>`),
		// The button lies under a cover, which swallows clicks.
		"/covered-button": html(`<body style="background:#fff"><button id="b">go</button><div style="position:fixed;inset:0"></div><script>b.onclick = () => { document.body.style.background = '#0f0' }</script>`),
		"/link":           html(`<a id="l" href="/colour/0f0?slow">go</a>`),
		// The element comes after a while; the page is green from then on.
		"/late-element": html(`<body style="background:#f00"><script>setTimeout(() => { document.body.style.background = '#0f0'; document.body.insertAdjacentHTML('beforeend', '<p id="late">here</p>') }, 700)</script>`),
		// There at once, but shown only after a while.
		"/late-visible": html(`<body style="background:#f00"><p id="late" style="display:none">here</p><script>setTimeout(() => { document.body.style.background = '#0f0'; late.style.display = '' }, 700)</script>`),
		// Green half a second after it has loaded.
		"/late-colour": html(`<body style="background:#f00"><script>addEventListener('load', () => setTimeout(() => { document.body.style.background = '#0f0' }, 500))</script>`),
		// Green when a request made after the load event has been answered.
		"/late-fetch": html(`<body style="background:#f00"><script>addEventListener('load', () => fetch('/slow?ms=700').then(() => { document.body.style.background = '#0f0' }))</script>`),
		// Red until the load event, which a slow picture holds back.
		"/slow-load": html(`<body style="background:#f00"><img src="/solid.svg?ms=800" hidden><script>addEventListener('load', () => { document.body.style.background = '#0f0' })</script>`),
	}
}
