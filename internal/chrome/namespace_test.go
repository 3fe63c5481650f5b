package chrome

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"darkroom"
	"darkroom/internal/isolation"
)

func isolate(mode isolation.Mode) func(*Config) {
	return func(c *Config) { c.Isolation = mode }
}

// TestAPageWithoutItsProxy takes the proxy away from a page, as whoever breaks
// into a browser would: only the namespace is left between it and what listens
// on this machine.
func TestAPageWithoutItsProxy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode isolation.Mode
		hits int
		want string
	}{
		{isolation.Off, 1, ""}, // or nothing would be shown
		{isolation.Required, 0, "net::ERR_CONNECTION_REFUSED"},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			r := newRig(t, isolate(c.mode))
			r.settled()
			canary := r.serve()
			if got := r.direct(canary + "/colour/0f0"); !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("the page's navigation ends with %q, want %q", got, c.want)
			}
			if visits := len(r.site.Visits("/colour/0f0")); visits != c.hits {
				t.Errorf("the canary was reached %d times, want %d", visits, c.hits)
			}
		})
	}
}

// direct navigates a tab that has no proxy and gives the error.
func (r *rig) direct(url string) string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), generous)
	defer cancel()
	b := r.slot.browser
	made, err := call(ctx, b.conn.browser(), target.CreateBrowserContext, target.CreateBrowserContextParams{
		ProxyServer: "direct://", ProxyBypassList: "127.0.0.1",
	})
	if err != nil {
		r.t.Fatal(err)
	}
	free, err := openTab(ctx, b.door, made.BrowserContextID)
	if err != nil {
		r.t.Fatal(err)
	}
	defer free.forget()
	gone, err := call(ctx, free.session, page.Navigate, page.NavigateParams{URL: url})
	if err != nil {
		r.t.Fatal(err)
	}
	return gone.ErrorText
}

// TestPagesSeeNoDifference: a namespace has no network but loopback, which must
// not make a browser believe that it is offline.
func TestPagesSeeNoDifference(t *testing.T) {
	t.Parallel()
	const script = `document.title = [navigator.onLine, navigator.connection && navigator.connection.type, await (await fetch('/colour/00f')).status].join()`
	var seen []string
	for _, mode := range []isolation.Mode{isolation.Off, isolation.Required} {
		r := newRig(t, isolate(mode))
		seen = append(seen, r.good("/colour/fff", darkroom.Options{JS: script}).Title)
	}
	if seen[0] != seen[1] || !strings.HasPrefix(seen[1], "true,") {
		t.Errorf("without and with isolation: %q", seen)
	}
}

// TestNoNamespaceIsLeft ends browsers in the two ways in which they end.
func TestNoNamespaceIsLeft(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*rig){
		"closed": func(r *rig) {
			if err := r.slot.Close(); err != nil {
				r.t.Error(err)
			}
		},
		"killed": func(r *rig) {
			if err := syscall.Kill(int(r.slot.group.Load()), syscall.SIGKILL); err != nil {
				r.t.Error(err)
			}
			<-r.slot.browser.exited
			r.good("/colour/0f0", darkroom.Options{}) // by another browser
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, isolate(isolation.Required))
			r.good("/colour/0f0", darkroom.Options{})
			r.settled()
			group := int(r.slot.group.Load())
			network := namespace(t, group, "net")
			if network == "" || network == namespace(t, os.Getpid(), "net") {
				t.Fatalf("the browser runs in the network namespace %q", network)
			}
			end(r)
			eventually(t, "all processes of the group are gone", func() bool { return len(members(t, group)) == 0 })
			eventually(t, "nobody is left in the namespace", func() bool { return !slices.Contains(networks(t), network) })
		})
	}
}

// namespace names one of a process, "" when it has ended.
func namespace(t *testing.T, pid int, kind string) string {
	t.Helper()
	name, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/ns/" + kind)
	if err != nil && !missing(err) {
		return "" // of another user, or just ending
	}
	return name
}

func networks(t *testing.T) (names []string) {
	t.Helper()
	pids, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		names = append(names, namespace(t, pid, "net"))
	}
	return names
}

// TestTheExitIsNoAddressOfThisMachine: what listens on this machine at the
// port that the namespace's exit has inside is a target like any other.
func TestTheExitIsNoAddressOfThisMachine(t *testing.T) {
	t.Parallel()
	r := newRig(t, isolate(isolation.Required))
	server := httptest.NewUnstartedServer(http.HandlerFunc(r.site.ServeHTTP))
	listener, err := net.Listen("tcp", isolation.Address)
	if err != nil {
		t.Fatalf("the port must be free for this test: %v", err)
	}
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	defer server.Close()
	r.url = server.URL
	r.good("/colour/0f0", darkroom.Options{})
}
