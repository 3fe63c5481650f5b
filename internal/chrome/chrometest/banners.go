package chrometest

import "net/http"

// bannerPages are 3,000 px high, green and at their end blue, under a red cookie
// banner that covers the window and stops scrolling. What refuses the banner
// asks for /banner/refused.
func bannerPages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/banner/refused": typed("text/plain", "noted"),
		// Refused by its own functions in the page's world, as Cookiebot is.
		"/banner/functions": banner(`<script>
window.Cookiebot = {hasResponse: false, dialog: {visible: true}, withdraw() { this.hasResponse = true }, hide() { if (this.hasResponse) refuse() }};
</script><div id="CybotCookiebotDialog" class="red">Cookies</div>`),
		// … by a click, as Complianz is.
		"/banner/click": banner(`<div id="cmplz-cookiebanner-container"><div class="cmplz-cookiebanner red">Cookies <button class="cmplz-deny" onclick="refuse()">Deny</button></div></div>`),
		// … in a frame of another site, as Sourcepoint is.
		"/banner/frame": func(w http.ResponseWriter, r *http.Request) {
			banner(`<div id="sp_message_container_1"><iframe class="red" src="`+r.URL.Query().Get("other")+`/index.html?message_id=1"></iframe></div>
<script>onmessage = e => { if (e.data === 'refused') refuse() }</script>`)(w, r)
		},
		"/index.html": html(`<body style="background:#f00"><button class="sp_choice_type_11">Accept</button><button class="sp_choice_type_13" onclick="parent.postMessage('refused', '*')">Reject</button>`),
		// … after which the page comes again without it.
		"/banner/reload": func(w http.ResponseWriter, r *http.Request) {
			if _, err := r.Cookie("refused"); err == nil {
				writePage(w, bannerContent)
				return
			}
			banner(`<div id="cmplz-cookiebanner-container"><div class="cmplz-cookiebanner red">Cookies <button class="cmplz-deny"
onclick="fetch('/banner/refused').then(() => { document.cookie = 'refused=1;path=/'; location.reload() })">Deny</button></div></div>`)(w, r)
		},
		// Nobody knows this one; it says what it is.
		"/banner/words": banner(`<div class="red" style="z-index:999"><p>We use cookies and similar technologies.</p><button>Accept all</button> <button onclick="refuse()">Reject all</button></div>`),
		// These cannot be refused; the second comes late.
		"/banner/stubborn": banner(`<div class="cookie-banner red">Cookies</div>`),
		"/banner/late":     banner(`<script>addEventListener('load', () => setTimeout(() => { const d = document.createElement('div'); d.className = 'red'; d.id = 'cookie-notice'; document.body.append(d) }, 100))</script>`),
		// Whatever is tried, it comes back.
		"/banner/again": banner(`<div id="cmplz-cookiebanner-container"><div class="cmplz-cookiebanner red"><button class="cmplz-deny">Deny</button></div></div>`),
		// No banner: the page itself does not want to scroll.
		"/banner/none": banner(``),
	}
}

func banner(body string) http.HandlerFunc { return html(bannerLock + bannerContent + body) }

const bannerLock = `<style>html,body{height:100%;overflow:hidden}.red{position:fixed;inset:0;width:100%;height:100%;border:0;background:#f00}</style>
<script>function refuse() { fetch('/banner/refused'); document.querySelectorAll('.red').forEach(e => e.remove()) }</script>`

const bannerContent = `<div style="height:2900px;background:#0f0"></div><div style="height:100px;background:#00f"></div>`
