package chrome
import ("testing";"darkroom";"time";"context";"image/png";"bytes";"github.com/chromedp/cdproto/page";"net/url")
func TestPeak(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	r.settled()
	b := <-r.slot.turn; _ = b
	u, _ := url.Parse(r.url+"/huge")
	c := &capture{tab: r.slot.browser.tab, proxy: r.slot.proxy, browser: r.engine.browser, target: u, options: darkroom.Options{FullPage:true, Retina: true}.WithDefaults()}
	if err := c.prepare(ctx); err != nil { t.Fatal(err) }
	if err := c.open(ctx); err != nil { t.Fatal(err) }
	if err := c.settle(ctx); err != nil { t.Fatal(err) }
	for _, h := range []float64{720, 1152, 1152, 2304,1152, 4608, 16000} {
	  for range 2 {
		s := time.Now()
		raw, err := c.expose(ctx, &page.Viewport{X:0,Y:3000,Width:1280,Height:h,Scale:1}, "png")
		d := time.Since(s)
		if err != nil { t.Fatal(err) }
		p, _ := pictureIn(raw)
		s = time.Now()
		png.Decode(bytes.NewReader(p))
		t.Log(h, d, time.Since(s))
	  }
	}
	s := time.Now()
	c.stroll(ctx)
	t.Log("stroll", time.Since(s), c.shot.Warnings)
	r.slot.give()
}
