package chrometest

import (
	"fmt"
	"net/http"
)

// clutterPages have what nobody came for.
func clutterPages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		// From the top: a red frame and a red picture of ?other=, a yellow place for
		// an advertisement (100 px each), then green. A blue chat box in the corner,
		// and a tracker that hits /clutter/hit.
		"/clutter":          func(w http.ResponseWriter, r *http.Request) { writePage(w, clutter(r.URL.Query().Get("other"))) },
		"/clutter/frame":    html(`<body style="background:#f00"><script src="/clutter/in-frame.js"></script>`),
		"/clutter/ad.svg":   solid,
		"/clutter/track.js": typed("text/javascript", `fetch('/clutter/hit')`),
		"/clutter/hit":      typed("text/plain", "seen"),
		"/clutter/chat.js": typed("text/javascript", `const b = document.createElement('div');
b.style.cssText = 'position:fixed;right:0;bottom:0;width:80px;height:80px;background:#00f'; document.body.append(b);`),
		// A green page with a frame of ?other=, which runs a script that paints it red.
		"/clutter/framed": func(w http.ResponseWriter, r *http.Request) {
			writePage(w, fmt.Sprintf(`<iframe src="%s/clutter/inner" style="border:0;display:block;width:1280px;height:720px"></iframe>`, r.URL.Query().Get("other")))
		},
		"/clutter/inner":       html(`<body style="background:#0f0"><script src="/clutter/in-frame.js"></script>`),
		"/clutter/in-frame.js": typed("text/javascript", `document.body.style.background = '#f00'`),
		// What is known everywhere; the title names what did not come.
		"/clutter/well-known": html(`<title></title><script>const lost = name => { document.title += name + ',' }</script>
<script src="http://securepubads.g.doubleclick.net/tag/js/gpt.js" onerror="lost('ads')"></script>
<script src="http://www.google-analytics.com/analytics.js" onerror="lost('trackers')"></script>
<script src="http://widget.intercom.io/widget/abc" onerror="lost('chats')"></script>`),
		// A script that redirects to another.
		"/clutter/detour": html(`<body style="background:#0f0"><script src="/redirect?to=/clutter/in-frame.js"></script>`),
	}
}

func clutter(other string) string {
	return fmt.Sprintf(`<style>iframe,img,ins,div{display:block;border:0;width:1280px;height:100px}</style>
<iframe src="%s/clutter/frame"></iframe>
<img src="%[1]s/clutter/ad.svg?c=ff0000">
<ins class="adsbygoogle" style="background:#ff0"></ins>
<div style="background:#0f0;height:300px"></div>
<script src="%[1]s/clutter/track.js"></script><script src="%[1]s/clutter/chat.js"></script>`, other)
}
