package chrome

import (
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
)

// The whole table of hostile pages is captured by the whole program, in e2e.
// Here is what cannot be seen from outside.

func TestNoPopupStays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.good("/hostile/popups-30", darkroom.Options{})
	if open := r.pages(); open != 1 {
		t.Errorf("%d pages are open after 30 popups, want the slot's own", open)
	}
	r.fails("/hostile/popups-10000", darkroom.Options{Timeout: 3000}, darkroom.CodeTimeout)
	if open := r.pages(); open != 1 {
		t.Errorf("%d pages are open after 10,000 popups, want the slot's own", open)
	}
	if ran := r.site.Visits("/popped-ran"); len(ran) > 0 {
		t.Errorf("%d popups ran", len(ran))
	}
}

// What a page writes to its console, gives as an address or asks for is as long
// as it likes; this process must not grow with it.
func TestFloodsStayInTheBrowser(t *testing.T) {
	r := newRig(t)
	r.good("/colour/0f0", darkroom.Options{})
	held := mostHeld(func() {
		r.fails("/hostile/console-huge", darkroom.Options{Timeout: 3000}, darkroom.CodeTimeout)
		r.good("/colour/0f0", darkroom.Options{JS: "await fetch('data:text/plain,' + 'A'.repeat(100e6))"})
	})
	t.Logf("this process held at most %d MB more", held>>20)
	// A message as it grows is there twice: what it has outgrown, and more than
	// it needs.
	if held > 4*maxMessage {
		t.Errorf("this process held %d MB more", held>>20)
	}
	shot := r.good("/hostile/address-long", darkroom.Options{})
	if len(shot.FinalURL) > darkroom.MaxURLBytes {
		t.Errorf("the final address has %d bytes", len(shot.FinalURL))
	}
	if shot := r.good("/hostile/title-long", darkroom.Options{}); len(shot.Title) > darkroom.MaxTitleBytes {
		t.Errorf("the title has %d bytes", len(shot.Title))
	}
}

// Of each line that just may arrive only what can be shown is kept.
func TestConsoleTextIsNotHeld(t *testing.T) {
	kept, before := &tab{}, held()
	for range darkroom.MaxEvidenceEntries {
		line := strings.Repeat("x", maxMessage/4)
		kept.onConsole(message{method: "Runtime.consoleAPICalled", body: []byte(`{"type":"error","args":[{"value":"` + line + `"}]}`)})
	}
	if more := held() - before; more > maxMessage {
		t.Errorf("%d lines of %d MB leave %d MB behind", darkroom.MaxEvidenceEntries, maxMessage>>22, more>>20)
	}
	if lines := len(kept.state.console); lines != darkroom.MaxEvidenceEntries {
		t.Errorf("%d lines are kept", lines)
	}
}

func TestAScriptMayGiveALot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.good("/colour/0f0", darkroom.Options{JS: "'x'.repeat(50e6)"})
}

// A page knows what it was sent, and can write it where others read it.
func TestEchoedSecrets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	options := darkroom.Options{}
	options.Cookies = []darkroom.Cookie{{Name: "sid", Value: "planted-in-a-cookie"}}
	for _, text := range []string{"document.cookie", "history.replaceState(null, '', '?' + document.cookie)"} {
		shot := r.good("/fact?of="+strings.ReplaceAll(strings.ReplaceAll(text, "+", "%2B"), " ", "%20"), options)
		if strings.Contains(shot.Title+shot.FinalURL, "planted") {
			t.Errorf("%s: title %q, address %s", text, shot.Title, shot.FinalURL)
		}
	}
	options.JS = "throw new Error('I have ' + document.cookie)"
	if failure := r.fails("/colour/0f0", options, darkroom.CodeScriptError); strings.Contains(failure.Error(), "planted") || !strings.Contains(failure.Message, "I have") {
		t.Errorf("it says %q", failure)
	}
}

// mostHeld runs work and tells by how much what this process holds was at its
// highest above what it held before, in bytes. It counts what a collection
// leaves, not what the process has of the system: that has the race detector's
// own in it, and what earlier tests left to be used again.
func mostHeld(work func()) (most int) {
	before, ended := held(), make(chan struct{})
	var sampler sync.WaitGroup
	sampler.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				most = max(most, held()-before)
			}
		}
	})
	func() {
		defer sampler.Wait()
		defer close(ended)
		work()
	}()
	return most
}

func held() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
