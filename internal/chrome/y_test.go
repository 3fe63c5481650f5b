package chrome
import ("testing";"darkroom";"github.com/chromedp/cdproto/target";"os")
func TestPeak(t *testing.T) {
	r := newRig(t)
	r.take("/colour/0f0", darkroom.Options{}); r.settled()
	b := r.slot.browser
	b.conn.listen("", func(m message){ t.Log("BROWSER", m.method, shorten(string(m.body), 300)) })
	if os.Getenv("AA") == "1" {
	_, err := call(t.Context(), b.conn.browser(), target.SetAutoAttach, target.SetAutoAttachParams{AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(true), Filter: target.Filter{{Type: "page"}}})
	t.Log(err)
	} else {
	_, err := call(t.Context(), b.conn.browser(), target.SetDiscoverTargets, target.SetDiscoverTargetsParams{Discover: true, Filter: target.Filter{{Type: "page"}}})
	t.Log(err)
	}
	r.take("/colour/0f0", darkroom.Options{}); r.settled()
	x := b.tab
	b.conn.listen(x.session.id, func(m message){ if m.method[:3] != "Net" && m.method[:3]!="Pag" { t.Log("TAB", m.method, shorten(string(m.body), 200)) }; x.hear(m) })
	p := os.Getenv("P"); if p == "" { p = "/popups" }
	s, err := r.take(p, darkroom.Options{Delay: 500})
	t.Log(s.HTTPStatus, err); r.settled(); t.Log(b.guest.size()>>20)
}
