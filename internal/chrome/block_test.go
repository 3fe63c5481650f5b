package chrome

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"darkroom"
	"darkroom/internal/egress"
	"darkroom/internal/filter"
)

// odd lists are about the pages of chrometest.
func oddLists(config *Config) {
	config.Filter, _ = filter.NewSet(
		filter.List{Group: filter.Ads, Text: "/clutter/frame$subdocument\n/clutter/ad.svg\n/clutter/in-frame.js\n||127.0.0.1^$document"},
		filter.List{Group: filter.Trackers, Text: "/clutter/track.js$script"},
		filter.List{Group: filter.Chats, Text: "/clutter/chat.js\n/clutter/hit$image"},
	)
}

func TestBlocking(t *testing.T) {
	t.Parallel()
	r := newRig(t, oddLists)
	for _, row := range []struct {
		name    string
		options darkroom.Options
		pixels  []pixel
		blocked int
		unseen  []string // paths that nobody asked for
	}{
		{"nothing", darkroom.Options{}, []pixel{{10, 50, "red"}, {10, 150, "red"}, {10, 250, "yellow"}, {10, 350, "green"}, {1270, 710, "blue"}}, 0, nil},
		{"block_ads", darkroom.Options{BlockAds: true}, []pixel{{10, 50, "green"}, {10, 299, "green"}, {10, 301, "white"}, {1270, 710, "blue"}}, 2, []string{"/clutter/frame", "/clutter/ad.svg"}},
		{"block_trackers", darkroom.Options{BlockTrackers: true}, []pixel{{10, 50, "red"}, {10, 250, "yellow"}, {1270, 710, "blue"}}, 1, []string{"/clutter/track.js", "/clutter/hit"}},
		{"block_chats", darkroom.Options{BlockChats: true}, []pixel{{10, 50, "red"}, {10, 250, "yellow"}, {1270, 710, "white"}}, 1, []string{"/clutter/chat.js"}},
		{
			"all of them, with a header",
			darkroom.Options{BlockAds: true, BlockTrackers: true, BlockChats: true, Secrets: darkroom.Secrets{Headers: map[string]string{"X-Own": "1"}}},
			[]pixel{{10, 50, "green"}, {1270, 710, "white"}},
			4,
			[]string{"/clutter/frame", "/clutter/ad.svg", "/clutter/track.js", "/clutter/chat.js"},
		},
		{"a full page", darkroom.Options{BlockAds: true, FullPage: true}, []pixel{{10, 50, "green"}}, 2, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			before := len(r.site.Visits(""))
			shot := r.good("/clutter?other="+url.QueryEscape(r.other), row.options)
			picture := decode(t, shot)
			for _, p := range row.pixels {
				wantPixel(t, picture, p.x, p.y, p.want)
			}
			if shot.Blocked != row.blocked {
				t.Errorf("%d requests were blocked, want %d", shot.Blocked, row.blocked)
			}
			for _, visit := range r.site.Visits("")[before:] {
				if slices.Contains(row.unseen, visit.Path) {
					t.Errorf("%s was asked for", visit.Path)
				}
				if visit.Path == "/clutter" && visit.Header.Get("X-Own") != row.options.Headers["X-Own"] {
					t.Errorf("the page got the header %q", visit.Header.Get("X-Own"))
				}
			}
		})
	}
}

func TestBlockingReaches(t *testing.T) {
	t.Parallel()
	for _, mode := range []struct {
		name   string
		strict bool
	}{{"sites in one process", false}, {"sites in processes of their own", true}} {
		t.Run(mode.name, func(t *testing.T) {
			r := newRig(t, oddLists, func(config *Config) { config.Strict = mode.strict })
			foreign := strings.Replace(r.other, "127.0.0.1", "localhost", 1)
			for _, row := range []struct{ name, path string }{
				{"into frames of other sites", "/clutter/framed?other=" + url.QueryEscape(foreign)},
				{"into a frame of the same site", "/clutter/framed?other=" + url.QueryEscape(r.other)},
				{"where a redirect leads", "/clutter/detour"},
			} {
				t.Run(row.name, func(t *testing.T) {
					r.t = t
					wantPixel(t, decode(t, r.good(row.path, darkroom.Options{})), 600, 300, "red")
					shot := r.good(row.path, darkroom.Options{BlockAds: true})
					wantPixel(t, decode(t, shot), 600, 300, "green")
					if shot.Blocked != 1 {
						t.Errorf("%d requests were blocked", shot.Blocked)
					}
				})
			}
		})
	}
}

// However a page asks, it is asked about.
func TestBlockingSeesEveryKind(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(config *Config) {
		config.Filter, _ = filter.NewSet(filter.List{Group: filter.Trackers, Text: "/clutter/hit"})
	})
	for _, row := range []struct{ name, script string }{
		{"fetch", "fetch(hit).catch(done)"},
		{"XMLHttpRequest", "const x = new XMLHttpRequest(); x.onerror = done; x.open('GET', hit); x.send()"},
		{"beacon", "navigator.sendBeacon(hit); fetch('/text').then(done)"},
		{"picture", "const i = new Image(); i.onerror = done; i.src = hit"},
		{"style sheet", "const l = document.createElement('link'); l.rel = 'stylesheet'; l.onerror = done; l.href = hit; document.head.append(l)"},
		{"font", "new FontFace('x', `url(${hit})`).load().catch(done)"},
		{"video", "const v = document.createElement('video'); v.onerror = done; v.src = hit"},
		{"object", "const o = document.createElement('object'); o.onload = o.onerror = done; o.data = hit; document.body.append(o)"},
		{"frame", "const f = document.createElement('iframe'); f.onload = done; f.src = hit; document.body.append(f)"},
		{"event source", "const e = new EventSource(hit); e.onerror = () => { e.close(); done() }"},
		{"worker", "const w = new Worker(URL.createObjectURL(new Blob([`fetch('${location.origin}${hit}').catch(() => postMessage(1))`]))); w.onmessage = done"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			options := darkroom.Options{BlockTrackers: true, JS: "await new Promise(done => { const hit = '/clutter/hit'; " + row.script + " })"}
			if shot := r.good("/colour/0f0", options); shot.Blocked != 1 || len(r.site.Visits("/clutter/hit")) > 0 {
				t.Errorf("%d requests were blocked, %d were answered", shot.Blocked, len(r.site.Visits("/clutter/hit")))
			}
		})
	}
}

// names is a resolver that knows nobody and remembers who was asked for.
type names struct {
	mu    sync.Mutex
	asked []string
}

func (n *names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, strings.TrimSuffix(host, "."))
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func (n *names) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked := n.asked
	n.asked = nil
	return asked
}

// Without lists of the operator's the program's own are in force, and what they
// block is not even looked up.
func TestTheOwnListsBlock(t *testing.T) {
	t.Parallel()
	resolver := &names{}
	r := newRig(t, func(config *Config) {
		policy, err := egress.NewPolicy(egress.Config{AllowPrivate: true, Resolver: resolver, Log: quietLog()})
		if err != nil {
			t.Fatal(err)
		}
		config.Policy = policy
	})
	hosts := []string{"securepubads.g.doubleclick.net", "www.google-analytics.com", "widget.intercom.io"}
	for i, options := range []darkroom.Options{{BlockAds: true}, {BlockTrackers: true}, {BlockChats: true}, {}} {
		t.Run(fmt.Sprintf("%+v", groupsOf(options)), func(t *testing.T) {
			r.t = t
			shot := r.good("/clutter/well-known", options)
			if want := "ads,trackers,chats,"; shot.Title != want {
				t.Errorf("the page lacks %q, want %q", shot.Title, want)
			}
			asked := resolver.take()
			for at, host := range hosts {
				if slices.Contains(asked, host) == (at == i) {
					t.Errorf("asked for %v: %s is blocked is %t", asked, host, at == i)
				}
			}
		})
	}
}
