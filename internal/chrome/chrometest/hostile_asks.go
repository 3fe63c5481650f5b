package chrometest

import (
	"net/http"
	"strings"

	"darkroom"
)

// hostileAsks open windows, dialogs and whatever else asks a person.
func hostileAsks() []HostilePage {
	return []HostilePage{
		{Name: "30 popups", Path: "/hostile/popups-30", Options: within(patient), handler: script(`for (let i = 0; i < 30; i++) open('/popped?' + i)`)},
		{Name: "10,000 popups", Path: "/hostile/popups-10000", Options: within(soon), Codes: ends(darkroom.CodeTimeout), handler: script(`for (let i = 0; i < 10000; i++) open('/popped?' + i)`)},
		{Name: "popups without end", Path: "/hostile/popups-endless", Options: within(patient), handler: script(`setInterval(() => open('/popped'), 1)`)},
		{Name: "popups of every kind", Path: "/popups", Options: within(patient)},
		{Name: "1,000 alerts", Path: "/alerts", Options: within(patient)},
		{Name: "alerts without end", Path: "/hostile/alerts-endless", Options: within(patient), handler: script(`for (;;) alert('again')`)},
		{Name: "a question every millisecond", Path: "/hostile/confirms", Options: within(patient), handler: script(`setInterval(() => { confirm('?'); prompt('?', 'x') }, 1)`)},
		{Name: "an alert of 50 MB", Path: "/hostile/alert-huge", Options: within(patient), handler: script(`alert('x'.repeat(50e6))`)},
		{Name: "does not want to be left", Path: "/beforeunload", Options: within(patient)},
		{Name: "never lets itself be left", Path: "/clings", Options: within(patient)},
		{Name: "prints", Path: "/print", Options: within(patient)},
		{Name: "prints without end", Path: "/hostile/prints", Options: within(patient), handler: script(`setInterval(print, 1)`)},
		{Name: "asks for every permission", Path: "/hostile/permissions", Options: within(patient), handler: html(greedyPage)},
		{Name: "asks for a password", Path: "/auth", Options: within(patient), Codes: ends(darkroom.CodeHTTPError)},
		{Name: "pictures that ask for passwords", Path: "/hostile/auth-storm", Options: within(patient), handler: html(green + strings.Repeat(`<img src="/auth" width="1"><iframe src="/auth" width="1" height="1"></iframe>`, 30))},
		{Name: "foreign protocols", Path: "/hostile/protocols", Options: within(patient), handler: html(protocolPage)},
		{Name: "foreign protocols without end", Path: "/hostile/protocol-storm", Options: within(patient), handler: script(`setInterval(() => { location.href = 'mailto:a@example.com' }, 1)`)},
		{Name: "grabs screen, mouse and keys", Path: "/odd/vibrates", Options: within(patient)},
		{Name: "files as frames", Path: "/hostile/local-frames", Options: within(patient), handler: html(localFrames)},
		{Name: "scans ports", Path: "/hostile/ports", Options: within(patient), handler: script(`for (let p = 1; p <= 1024; p++) fetch('http://127.0.0.1:' + p + '/', {mode: 'no-cors'}).catch(() => {})`)},
		{Name: "title of 1 MB", Path: "/hostile/title-long", Options: within(patient), handler: script(`document.title = 'x'.repeat(1 << 20)`)},
		{Name: "title of 400 MB", Path: "/hostile/title-huge", Options: within(patient), Codes: ends(darkroom.CodeOutOfMemory), handler: script(`document.title = 'x'.repeat(400e6)`)},
		{Name: "title that is markup", Path: "/hostile/title-markup", Options: within(patient), handler: html(green + `<title>"&gt;&lt;script&gt;fetch('/v1/keys')&lt;/script&gt; =cmd()</title>`)},
		{Name: "title that drives a terminal", Path: "/hostile/title-ansi", Options: within(patient), handler: script("document.title = '\\x1b[2J\\x1b]0;owned\\x07\\r\\n\\u202e\\u0000'")},
		{Name: "address of 1 MB", Path: "/hostile/address-long", Options: within(patient), handler: script(`history.replaceState(null, '', '?' + 'x'.repeat(1 << 20))`)},
	}
}

const greedyPage = green + `<button id="b">x</button><script>
const ask = [
  () => navigator.geolocation.watchPosition(() => { document.title = 'granted' }),
  () => Notification.requestPermission(), () => navigator.mediaDevices.getUserMedia({audio: true, video: true}),
  () => navigator.mediaDevices.getDisplayMedia(), () => navigator.clipboard.read(), () => navigator.clipboard.writeText('x'),
  () => navigator.requestMIDIAccess({sysex: true}), () => navigator.usb.requestDevice({filters: []}),
  () => navigator.serial.requestPort(), () => navigator.hid.requestDevice({filters: []}), () => navigator.bluetooth.requestDevice({acceptAllDevices: true}),
  () => showOpenFilePicker(), () => showSaveFilePicker(), () => showDirectoryPicker(),
  () => new PaymentRequest([{supportedMethods: 'https://example.com/pay'}], {total: {label: 'x', amount: {currency: 'EUR', value: '1'}}}).show(),
  () => navigator.credentials.get({password: true}), () => navigator.wakeLock.request('screen'), () => navigator.storage.persist(),
  () => document.body.requestFullscreen(), () => document.body.requestPointerLock(), () => navigator.keyboard.lock(),
  () => navigator.registerProtocolHandler('web+odd', '/?%s'), () => queryLocalFonts(), () => new IdleDetector().start(),
];
for (let i = 0; i < 20; i++) for (const f of ask) try { const p = f(); if (p && p.catch) p.catch(() => {}) } catch {}
</script>`

const protocolPage = green + `<a id="a" href="intent://x#Intent;scheme=http;end">x</a><iframe src="tel:1" width="1" height="1"></iframe><script>
for (const to of ['mailto:a@example.com', 'tel:123', 'sms:1', 'intent://x#Intent;end', 'ms-settings:', 'steam://x', 'vbscript:1', 'file:///etc/passwd', 'chrome://crash', 'about:crash', 'javascript:1'])
  setTimeout(() => { location.href = to });
document.getElementById('a').click();
</script>`

const localFrames = green + `<script>
for (const to of ['file:///etc/passwd', 'file:///', 'chrome://version', 'chrome://crash', 'chrome://kill', 'view-source:http://127.0.0.1/', 'devtools://devtools/bundled/inspector.html',
  'about:srcdoc', 'filesystem:http://127.0.0.1/temporary/', 'data:text/html,<script>top.location="file:///etc/passwd"<\/script>'])
  for (const [tag, attribute] of [['iframe', 'src'], ['object', 'data'], ['embed', 'src'], ['img', 'src']]) {
    const e = document.createElement(tag); e[attribute] = to; e.width = e.height = 1; document.body.append(e);
  }
for (const to of ['file:///etc/passwd', 'chrome://version']) {
  fetch(to).then(r => r.text()).then(t => { document.title = 'read ' + t }, () => {});
  try { const x = new XMLHttpRequest(); x.open('GET', to, false); x.send(); document.title = 'read ' + x.responseText } catch {}
}
</script>`

// hostileDownloads are no pages at all.
func hostileDownloads() []HostilePage {
	refused := func(code darkroom.Code, path string) HostilePage {
		return HostilePage{Name: strings.TrimLeft(path, "/"), Path: path, Options: within(patient), Codes: ends(code)}
	}
	return []HostilePage{
		refused(darkroom.CodeDownload, "/download"), refused(darkroom.CodeDownload, "/zip"), refused(darkroom.CodeDownload, "/odd/octets"),
		refused(darkroom.CodeUnsupportedContent, "/204"), refused(darkroom.CodeUnsupportedContent, "/odd/205"),
		refused(darkroom.CodeUnsupportedContent, "/pdf"), refused(darkroom.CodeUnsupportedContent, "/video"),
		{Name: "a hundred downloads", Path: "/hostile/downloads", Options: within(patient), handler: html(green + `<a id="a" download="x" href="/hostile/endless-file">x</a><script>for (let i = 0; i < 100; i++) document.getElementById('a').click()</script>`)},
		{Name: "a download without end", Path: "/hostile/endless-file", Options: within(patient), Codes: ends(darkroom.CodeDownload), handler: endless("application/octet-stream", `attachment; filename="x"`)},
		{Name: "a text without end", Path: "/hostile/endless-text", Options: within(patient), Codes: ends(darkroom.CodeOutOfMemory, darkroom.CodeTooLarge), handler: endless("text/plain", "")},
		{Name: "a picture without end", Path: "/hostile/endless-image", Options: within(patient), Codes: ends(darkroom.CodeTooLarge), handler: endless("image/png", "")},
	}
}

// endless writes as fast as it is read.
func endless(contentType, disposition string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		if disposition != "" {
			w.Header().Set("Content-Disposition", disposition)
		}
		block := []byte(strings.Repeat("0123456789abcdef", 4096))
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}
