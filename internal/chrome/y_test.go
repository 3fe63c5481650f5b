package chrome
import ("testing";"darkroom";"time")
func TestPeak(t *testing.T) {
	r := newRig(t, func(c *Config){ c.MemoryLimit = 8<<30 })
	for _, o := range []darkroom.Options{{FullPage:true, MaxHeight:100000},{FullPage:true, MaxHeight:50000},{FullPage:true},{FullPage:true,Retina:true},{Format:"jpeg",FullPage:true},{FullPage:true,Width:3840,Retina:true}} {
		r.settled()
		stop := make(chan struct{})
		var peak int64
		done := make(chan struct{})
		go func(){ defer close(done); for { select { case <-stop: return; case <-time.After(20*time.Millisecond): if g := r.slot.browser; g != nil { peak = max(peak, g.guest.size()) } } } }()
		start := time.Now()
		s, err := r.take("/huge", o)
		close(stop); <-done
		t.Log(o.MaxHeight, o.Retina, o.Format, s.Width, s.Height, err, "peak MB", peak>>20, time.Since(start), len(s.Image))
	}
}
