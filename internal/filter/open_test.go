package filter_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"darkroom/internal/filter"
)

func TestTheOwnListsKnowTheWellKnown(t *testing.T) {
	set := open(t)
	page := filter.PageAt("https://news.example/article")
	for _, test := range []struct {
		url    string
		kind   filter.Kind
		groups filter.Group // that block it; none other does
	}{
		{"https://securepubads.g.doubleclick.net/tag/js/gpt.js", filter.Script, filter.Ads},
		{"https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js?client=ca-pub-1", filter.Script, filter.Ads},
		{"https://cdn.taboola.com/libtrc/site/loader.js", filter.Script, filter.Ads},
		{"https://ib.adnxs.com/ut/v3/prebid", filter.XHR, filter.Ads},
		{"https://news.example/static/prebid.js", filter.Script, filter.Ads},
		{"https://www.googletagmanager.com/gtag/js?id=G-1", filter.Script, filter.Trackers},
		{"https://www.google-analytics.com/g/collect?v=2", filter.Ping, filter.Trackers},
		{"https://connect.facebook.net/en_US/fbevents.js", filter.Script, filter.Trackers},
		{"https://static.hotjar.com/c/hotjar-1.js", filter.Script, filter.Trackers},
		{"https://news.example/matomo.js", filter.Script, filter.Trackers},
		{"https://widget.intercom.io/widget/abc", filter.Script, filter.Chats},
		{"https://embed.tawk.to/1/default", filter.Script, filter.Chats},
		{"https://static.zdassets.com/ekr/snippet.js?key=1", filter.Script, filter.Chats},
		{"https://connect.facebook.net/en_US/sdk/xfbml.customerchat.js", filter.Script, filter.Chats},
		{"https://client.crisp.chat/l.js", filter.Script, filter.Chats},
		{"https://www.google.com/recaptcha/api.js", filter.Script, 0},
		{"https://fonts.googleapis.com/css2?family=Inter", filter.Stylesheet, 0},
		{"https://cdn.jsdelivr.net/npm/bootstrap", filter.Script, 0},
		{"https://connect.facebook.net/en_US/sdk.js", filter.Script, 0},
		{"https://news.example/assets/ads-of-the-world.jpg", filter.Image, 0},
		{"https://news.example/chat/", filter.Subdocument, 0},
		{"https://static.zdassets.com/hc/assets/application.css", filter.Stylesheet, 0},
		{"https://js.stripe.com/v3/", filter.Script, 0},
		{"https://www.youtube.com/embed/x", filter.Subdocument, 0},
	} {
		for _, group := range []filter.Group{filter.Ads, filter.Trackers, filter.Chats} {
			rule, blocked := set.Match(group, page, filter.Request{URL: test.url, Kind: test.kind})
			if blocked != (test.groups&group != 0) {
				t.Errorf("%s: group %b blocks is %t by %q", test.url, group, blocked, rule)
			}
		}
	}
}

// Every line of our own lists must be a rule.
func TestTheOwnListsHaveNoFaults(t *testing.T) {
	for _, name := range []string{"ads", "trackers", "chats"} {
		text, err := os.ReadFile(filepath.Join("lists", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		lines, seen := 0, map[string]bool{}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '!' {
				continue
			}
			lines++
			if seen[line] {
				t.Errorf("%s has %q twice", name, line)
			}
			seen[line] = true
			if body, _, _ := strings.Cut(line, "$"); strings.HasPrefix(body, "/") && strings.HasSuffix(body, "/") {
				t.Errorf("%s: %q would be a regular expression, which every request asks", name, line)
			}
		}
		_, tallies := filter.NewSet(filter.List{Name: name, Group: filter.Ads, Text: string(text)})
		if tallies[0].Unusable > 0 || tallies[0].Rules != lines {
			t.Errorf("%s has %d lines: %+v", name, lines, tallies[0])
		}
	}
}

func open(t *testing.T, files ...string) *filter.Set {
	t.Helper()
	set, err := filter.Open(files, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func write(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheOperatorsFiles(t *testing.T) {
	blocks := func(set *filter.Set, group filter.Group, host string) bool {
		_, blocked := set.Match(group, filter.PageAt("https://site.example/"), filter.Request{URL: "https://" + host + "/", Kind: filter.Image})
		return blocked
	}
	text := []byte("||own.example^\r\n@@||doubleclick.net^\r\n")
	for _, test := range []struct {
		named string
		group filter.Group
	}{
		{write(t, "trackers-of-ours.txt", text), filter.Trackers},
		{write(t, "Ads.txt", text), filter.Ads},
		{"chats=" + write(t, "list.txt", text), filter.Chats},
		{" trackers =" + write(t, "ads.txt", text), filter.Trackers},
	} {
		set := open(t, test.named)
		for _, group := range []filter.Group{filter.Ads, filter.Trackers, filter.Chats} {
			if got := blocks(set, group, "own.example"); got != (group == test.group) {
				t.Errorf("%s: group %b blocks is %t", test.named, group, got)
			}
		}
		if blocks(set, filter.Ads, "doubleclick.net") || !blocks(set, filter.Ads, "googlesyndication.com") {
			t.Errorf("%s: the operator's exception is not heard, or more than that", test.named)
		}
	}
}

func TestWhatIsNoListIsRefused(t *testing.T) {
	for _, test := range []struct{ named, want string }{
		{write(t, "list.txt", []byte("||a.example^")), "what is it about? Write ads="},
		{"ads=" + filepath.Join(t.TempDir(), "nowhere.txt"), "no such file"},
		{"ads=" + t.TempDir(), "is a directory"},
		{write(t, "ads.gz", []byte{0x1f, 0x8b, 0x08, 0xff}), "not text in UTF-8"},
		{write(t, "ads.html", []byte("<html>\n<p>not found")), "no rule that can be used"},
		{write(t, "ads.empty", nil), "no rule that can be used"},
	} {
		_, err := filter.Open([]string{test.named}, quiet())
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.named, err, test.want)
		}
	}
}

func TestTheLogSaysWhatWasRead(t *testing.T) {
	var log bytes.Buffer
	if _, err := filter.Open([]string{write(t, "ads.txt", []byte("||a.example^\n||b.example^$nonsense"))}, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "rules=1 unusable=1") {
		t.Errorf("the log has %q", log.String())
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
