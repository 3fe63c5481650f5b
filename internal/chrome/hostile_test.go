package chrome

import (
	"os"
	"strconv"
	"strings"
	"testing"

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
	before := ownMemory(t)
	r.fails("/hostile/console-huge", darkroom.Options{Timeout: 3000}, darkroom.CodeTimeout)
	r.good("/hostile/data-url", darkroom.Options{})
	if grown := ownMemory(t) - before; grown > 80<<20 {
		t.Errorf("this process has grown by %d MB", grown>>20)
	}
	shot := r.good("/hostile/address-long", darkroom.Options{})
	if len(shot.FinalURL) > darkroom.MaxURLBytes {
		t.Errorf("the final address has %d bytes", len(shot.FinalURL))
	}
	if shot := r.good("/hostile/title-long", darkroom.Options{}); len(shot.Title) > darkroom.MaxTitleBytes {
		t.Errorf("the title has %d bytes", len(shot.Title))
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

// ownMemory is this process's, in bytes.
func ownMemory(t *testing.T) int {
	t.Helper()
	content, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "VmRSS:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
