package chrome

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/egress"
	"darkroom/internal/isolation"
)

// What the positive control must show, or the rest shows nothing.
const (
	leastTCP     = 30
	leastUDP     = 10
	leastVectors = 50
)

// long reports whether the long forms of tests are asked for.
func long() bool { return os.Getenv("DARKROOM_LONG") != "" }

// programs are the browsers to try, by what they are called: the second only in
// the long form.
func programs(t *testing.T) map[string]Browser {
	t.Helper()
	found := map[string]Browser{}
	for name, path := range map[string]string{"headless shell": "/usr/lib/chromium/chromium-headless-shell", "full Chromium": "/usr/lib/chromium/chromium"} {
		browser, err := Find(path)
		if err != nil && (long() || productOf(path) == productShell) {
			t.Fatalf("the %s is needed (scripts/setup slow installs it): %v", name, err)
		}
		if long() || browser.Shell() {
			found[name] = browser
		}
	}
	return found
}

// TestLeaks has a page try everything, where canaries listen: first in a
// browser that nothing contains, and then in one as the product starts it.
func TestLeaks(t *testing.T) {
	if !inLeakNet(t) {
		return
	}
	l := newLeakRig(t)
	for name, browser := range programs(t) {
		control := l.attack(t, trial{browser: browser, mode: isolation.Off, without: everyFlag()})
		tcp, udp := control.count()
		fmt.Printf("leaks: %s %s, nothing contained: %s; nothing came of %s\n", name, browser.Version, control, strings.Join(control.silent(), " "))
		if tcp < leastTCP || udp < leastUDP || len(control.fired()) < leastVectors {
			t.Errorf("%s: the control shows too little to mean anything", name)
		}
		for _, mode := range []isolation.Mode{isolation.Off, isolation.Required} {
			found := l.attack(t, trial{browser: browser, mode: mode, dwell: 2 * control.lasted})
			fmt.Printf("leaks: %s, isolation %s: %d vectors, control %d TCP %d UDP, policy on %d\n", name, mode, len(found.vectors), tcp, udp, len(found.hits))
			found.mustBeTight(t, name+", isolation "+string(mode))
		}
	}
}

// TestEachFlagHolds takes the flags that contain a browser away, one after the
// other: something gets out, unless the list says that the flag is a belt. In a
// namespace nothing does, whatever is missing.
func TestEachFlagHolds(t *testing.T) {
	if !long() || !inLeakNet(t) {
		return
	}
	l := newLeakRig(t)
	for name, browser := range programs(t) {
		for _, flag := range containmentFlags() {
			found := l.attack(t, trial{browser: browser, mode: isolation.Off, without: []string{flag.Name}, dwell: 3 * time.Second})
			fmt.Printf("leaks: %s without %s: %s: %s\n", name, flag.Name, found, strings.Join(found.fired(), " "))
			if held := flag.heldFor(browser); held != (len(found.hits) > 0) {
				t.Errorf("%s without %s: %d got out, but the list says %t", name, flag.Name, len(found.hits), held)
			}
		}
		rest := slices.DeleteFunc(everyFlag(), func(flag string) bool { return flag == "--proxy-server" })
		found := l.attack(t, trial{browser: browser, mode: isolation.Required, without: rest, host: leakName, dwell: 3 * time.Second})
		fmt.Printf("leaks: %s in a namespace, without any of them but --proxy-server: %s\n", name, found)
		if len(found.hits) > 0 || len(found.vectors) < leastVectors {
			t.Errorf("%s: out of its namespace came %v of %d vectors", name, found.hits, len(found.vectors))
		}
	}
}

func everyFlag() (names []string) {
	for _, flag := range containmentFlags() {
		names = append(names, flag.Name)
	}
	return names
}

// leakRig is where browsers are tried.
type leakRig struct {
	site     *leakSite
	canaries *canaries
}

func newLeakRig(t *testing.T) *leakRig {
	t.Helper()
	l := &leakRig{site: &leakSite{}, canaries: openCanaries(t)}
	l.site.serve(t)
	return l
}

// trial is one browser with the attacking pages.
type trial struct {
	browser Browser
	mode    isolation.Mode
	without []string      // flags
	host    string        // of the page; "" = leakHost
	dwell   time.Duration // how long the page stays at least
}

// leakage is what a trial showed.
type leakage struct {
	vectors []string // that were started
	hits    []hit
	denied  int64         // by the proxy
	lasted  time.Duration // until nothing new came
	refused map[string]darkroom.Code
}

func (l *leakRig) attack(t *testing.T, what trial) (found leakage) {
	t.Helper()
	policy, err := egress.NewPolicy(egress.Config{Allow: []string{leakHost, leakName}, Resolver: leakResolver{}, Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *Config) {
		c.Path, c.Policy, c.Isolation, c.without = what.browser.Path, policy, what.mode, what.without
	})
	defer r.close() // before the next trial
	r.url = "http://" + cmp.Or(what.host, leakHost)
	r.settled()
	l.canaries.forget()
	l.site.begin(func() { l.untilQuiet(r.slot, what.dwell) })
	begun := time.Now()
	if _, err := r.take("/attack.html", darkroom.Options{WaitUntil: "domcontentloaded", JS: "await fetch('/hold')"}); err != nil {
		t.Errorf("the attacking page: %v", err)
	}
	found.denied = r.slot.proxy.Denied()
	_, last := l.canaries.seen()
	found.lasted, found.vectors = max(last.Sub(begun), 0), l.site.started()
	found.refused = map[string]darkroom.Code{}
	for name, path := range map[string]string{
		"main-redirect": "/redirect/307?to=", "main-meta": "/frame/meta?to=", "main-refresh": "/frame/refresh?to=", "main-location": "/frame/location?to=",
	} {
		_, err := r.take(path+"http://169.254.169.254/v/"+name, darkroom.Options{})
		found.refused[name], found.vectors = darkroom.CodeOf(err), append(found.vectors, name)
	}
	found.hits, _ = l.canaries.seen()
	return found
}

// quietFor is how long nothing new must come before a page has done what it
// can. The pauses of a STUN client become as long as that after its third try.
const quietFor = 1500 * time.Millisecond

// untilQuiet waits until neither a canary nor the proxy sees anything new.
func (l *leakRig) untilQuiet(slot *Slot, dwell time.Duration) {
	begun, changed, denied := time.Now(), time.Now(), int64(0)
	for range time.Tick(10 * time.Millisecond) {
		if now := slot.proxy.Denied(); now != denied {
			denied, changed = now, time.Now()
		}
		_, hit := l.canaries.seen()
		if min(time.Since(hit), time.Since(changed)) > quietFor && time.Since(begun) > dwell || time.Since(begun) > generous/2 {
			return
		}
	}
}

func (l leakage) count() (tcp, udp int) {
	for _, h := range l.hits {
		if h.network == "tcp" {
			tcp++
		} else {
			udp++
		}
	}
	return tcp, udp
}

// fired are the vectors of the page that arrived at a canary.
func (l leakage) fired() []string {
	names := map[string]bool{}
	for _, h := range l.hits {
		if slices.Contains(l.vectors, h.vector) {
			names[h.vector] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// silent are those that did not.
func (l leakage) silent() []string {
	fired := l.fired()
	return slices.DeleteFunc(slices.Clone(l.vectors), func(name string) bool { return slices.Contains(fired, name) })
}

func (l leakage) String() string {
	tcp, udp := l.count()
	return fmt.Sprintf("%d TCP and %d UDP from %d of %d vectors", tcp, udp, len(l.fired()), len(l.vectors))
}

// mustBeTight holds what a contained browser must have done: tried, and failed.
func (l leakage) mustBeTight(t *testing.T, where string) {
	t.Helper()
	if len(l.hits) > 0 {
		t.Errorf("%s: %v got out", where, l.hits)
	}
	if len(l.vectors) < leastVectors || l.denied < leastVectors {
		t.Errorf("%s: of %d vectors the proxy saw %d, so nothing was shown", where, len(l.vectors), l.denied)
	}
	for name, code := range l.refused {
		if code != darkroom.CodeBlockedTarget {
			t.Errorf("%s: %s ends with %q, want %s", where, name, code, darkroom.CodeBlockedTarget)
		}
	}
}

// leakResolver leads every name but that of the page to a canary, without
// asking anybody.
type leakResolver struct{}

func (leakResolver) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if strings.HasPrefix(leakName, host) {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}, nil
	}
	return []netip.Addr{netip.AddrFrom4([4]byte{203, 0, 113, 9})}, nil
}
