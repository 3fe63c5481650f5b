package filter_test

import (
	"testing"

	"darkroom/internal/filter"
)

// ask is one question to a list, and its answer.
type ask struct {
	url     string
	kind    filter.Kind // 0 = Image
	page    string      // "" = https://site.example/
	blocked bool
}

func TestRules(t *testing.T) {
	for _, test := range []struct {
		name, list string
		asks       []ask
	}{
		{"a host and what is below it", "||ads.example^", []ask{
			{url: "https://ads.example/a.gif", blocked: true},
			{url: "http://ads.example:8080", blocked: true},
			{url: "https://cdn.ads.example/", blocked: true},
			{url: "https://ADS.example/A.gif", blocked: true},
			{url: "https://me:pw@ads.example/", blocked: true},
			{url: "https://badads.example/"},
			{url: "https://ads.example.net/"},
			{url: "https://ads.example-cdn.net/"},
			{url: "https://site.example/?to=https://ads.example/"},
			{url: "https://site.example/ads.example/"},
		}},
		{"a host and a path", "||cdn.example/banner/", []ask{
			{url: "https://cdn.example/banner/1.gif", blocked: true},
			{url: "https://a.cdn.example/banner/1.gif", blocked: true},
			{url: "https://cdn.example/x/banner/1.gif"},
		}},
		{"a part of an address", "/banner/*/img^", []ask{
			{url: "https://site.example/banner/foo/img", blocked: true},
			{url: "https://site.example/banner/foo/bar/img?param", blocked: true},
			{url: "https://site.example/banner//img/foo", blocked: true},
			{url: "https://site.example/banner/img"},
			{url: "https://site.example/banner/foo/imgraph"},
			{url: "https://site.example/banner/foo/img.gif"},
		}},
		{"where an address begins and ends", "|https://a.example/\nswf|", []ask{
			{url: "https://a.example/x", blocked: true},
			{url: "http://b.example/?u=https://a.example/"},
			{url: "http://b.example/annoying.swf", blocked: true},
			{url: "http://b.example/swf/index.html"},
		}},
		{"both at once", "|http://a.example/x|", []ask{
			{url: "http://a.example/x", blocked: true},
			{url: "http://a.example/xy"},
			{url: "http://aa.example/x"},
		}},
		{"an end after anything", "/ad*.js|", []ask{
			{url: "http://a.example/adverts.js", blocked: true},
			{url: "http://a.example/ad.js.js", blocked: true},
			{url: "http://a.example/ad.js?x"},
			{url: "http://a.example/ad.j"},
		}},
		{"separators", "^foo.bar^", []ask{
			{url: "http://a.example:8000/foo.bar?a=12&b=%D1%82", blocked: true},
			{url: "http://a.example/?x=foo.bar", blocked: true},
			{url: "http://a.example/foo.bars"},
			{url: "http://a.example/_foo.bar"},
			{url: "http://a.example/%foo.bar"},
		}},
		{"no anchor, no whole word", "dvertis", []ask{
			{url: "http://a.example/advertising", blocked: true},
			{url: "http://a.example/art"},
		}},
		{"case", "/Banner.gif$match-case\n/SPOT.gif", []ask{
			{url: "http://a.example/Banner.gif", blocked: true},
			{url: "http://a.example/banner.gif"},
			{url: "http://a.example/Spot.GIF", blocked: true},
		}},
		{"kinds", "||a.example^$script,image\n||b.example^$~script\n||c.example^$xhr", []ask{
			{url: "http://a.example/", kind: filter.Script, blocked: true},
			{url: "http://a.example/", kind: filter.Stylesheet},
			{url: "http://b.example/", kind: filter.Script},
			{url: "http://b.example/", kind: filter.Subdocument, blocked: true},
			{url: "http://c.example/", kind: filter.XHR, blocked: true},
			{url: "http://c.example/", kind: filter.Ping},
		}},
		{"a page's own navigation is never blocked", "||site.example^\n||site.example^$document", []ask{
			{url: "https://site.example/", kind: filter.Document},
			{url: "https://site.example/", kind: filter.Subdocument, blocked: true},
		}},
		{"parties", "/pixel.$third-party\n/own.$~third-party\n/mine.$1p", []ask{
			{url: "https://other.example.net/pixel.gif", blocked: true},
			{url: "https://img.site.example/pixel.gif"},
			{url: "https://img.site.example/own.gif", blocked: true},
			{url: "https://img.site.example/mine.gif", blocked: true},
			{url: "https://other.example.net/own.gif"},
			{url: "https://a.co.uk/pixel.gif", page: "https://b.co.uk/", blocked: true},
			{url: "https://x.a.co.uk/pixel.gif", page: "https://y.a.co.uk/"},
			{url: "http://127.0.0.2/pixel.gif", page: "http://127.0.0.1/", blocked: true},
			{url: "http://127.0.0.1:81/pixel.gif", page: "http://127.0.0.1/"},
			{url: "http://[::1]/pixel.gif", page: "http://[::2]/", blocked: true},
			{url: "https://me.github.io/pixel.gif", page: "https://you.github.io/", blocked: true},
		}},
		{"pages", "/x.gif$domain=a.example|~b.a.example|c.example\n/y.gif$domain=~a.example\n/z.gif$from=shop.*", []ask{
			{url: "https://cdn.example/x.gif"},
			{url: "https://cdn.example/x.gif", page: "http://a.example/", blocked: true},
			{url: "https://cdn.example/x.gif", page: "http://www.a.example/", blocked: true},
			{url: "https://cdn.example/x.gif", page: "http://b.a.example/"},
			{url: "https://cdn.example/x.gif", page: "http://d.b.a.example/"},
			{url: "https://cdn.example/x.gif", page: "http://c.example/", blocked: true},
			{url: "https://cdn.example/y.gif", page: "http://c.example/", blocked: true},
			{url: "https://cdn.example/y.gif", page: "http://www.a.example/"},
			{url: "https://cdn.example/z.gif", page: "https://www.shop.co.uk/", blocked: true},
			{url: "https://cdn.example/z.gif", page: "https://shop.de/", blocked: true},
			{url: "https://cdn.example/z.gif", page: "https://workshop.de/"},
		}},
		{"targets", "*$script,third-party,denyallow=ok.example,domain=site.example\n/t.gif$to=~b.example", []ask{
			{url: "https://bad.example.net/a.js", kind: filter.Script, blocked: true},
			{url: "https://cdn.ok.example/a.js", kind: filter.Script},
			{url: "https://a.example/t.gif", blocked: true},
			{url: "https://b.example/t.gif"},
		}},
		{"exceptions", "||ads.example^\n@@||ads.example/good/\n@@||ads.example^$script\n@@||quiet.example^$document", []ask{
			{url: "https://ads.example/bad/", blocked: true},
			{url: "https://ads.example/good/"},
			{url: "https://ads.example/a.js", kind: filter.Script},
			{url: "https://ads.example/bad/", page: "https://quiet.example/"},
			{url: "https://ads.example/bad/", page: "https://quiet.example.net/", blocked: true},
		}},
		{"what no exception counts against", "||ads.example^$important\n||ads.example^\n@@||ads.example^\n", []ask{
			{url: "https://ads.example/", blocked: true},
		}},
		{"regular expressions", `/^https?:\/\/[a-z]{8}\.example\/\d+\.js$/$script` + "\n" + `/banner[0-9]+/`, []ask{
			{url: "https://abcdefgh.example/12.js", kind: filter.Script, blocked: true},
			{url: "https://abcdefgh.example/12.js"},
			{url: "https://abcdefg.example/12.js", kind: filter.Script},
			{url: "https://a.example/Banner12", blocked: true},
		}},
		{"replacements block", "||a.example^$script,redirect=noop.js\n||b.example^$rewrite=abp-resource:blank-mp3", []ask{
			{url: "https://a.example/", kind: filter.Script, blocked: true},
			{url: "https://b.example/", kind: filter.Media, blocked: true},
		}},
		{"a hosts file", "# ours\n127.0.0.1 localhost\n0.0.0.0 ads.example tracker.example # both\n::1 ip6-localhost", []ask{
			{url: "https://ads.example/", blocked: true},
			{url: "https://a.tracker.example/", blocked: true},
			{url: "http://localhost/"},
		}},
		{"a list of hosts", "ads.example.com\nbanner.gif", []ask{
			{url: "https://x.ads.example.com/", blocked: true},
			{url: "https://a.net/?u=ads.example.com"},
			{url: "https://a.net/my-banner.gif", blocked: true},
		}},
		{"no rules", "[Adblock Plus 2.0]\n! Title: x\n\n##.ad\nsite.example#@#.ad\nsite.example#?#div:has(a)\nsite.example$$script[a]\n||a.example^$popup\n@@||a.example^$elemhide\n*\n|\na", []ask{
			{url: "https://a.example/ad.gif"},
		}},
		{"rules that cannot be used", "||a.example^$csp=script-src 'none'\n||a.example^$removeparam=x\n||a.example^$nonsense\n/(?=x)/\n<html>\n<p>the page was not found</p>\n||пример.example^", []ask{
			{url: "https://a.example/x"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, _ := filter.NewSet(filter.List{Name: "list", Group: filter.Ads, Text: test.list})
			for _, ask := range test.asks {
				checkAnswer(t, set, ask)
			}
		})
	}
}

func checkAnswer(t *testing.T, set *filter.Set, ask ask) {
	t.Helper()
	if ask.page == "" {
		ask.page = "https://site.example/"
	}
	if ask.kind == 0 {
		ask.kind = filter.Image
	}
	rule, blocked := set.Match(filter.Ads, filter.PageAt(ask.page), filter.Request{URL: ask.url, Kind: ask.kind})
	if blocked != ask.blocked || blocked != (rule != "") {
		t.Errorf("%s on %s: blocked is %t by %q, want %t", ask.url, ask.page, blocked, rule, ask.blocked)
	}
}

func TestGroupsAreAskedForOneByOne(t *testing.T) {
	set, _ := filter.NewSet(
		filter.List{Group: filter.Ads, Text: "||ads.example^\n@@||fine.example^"},
		filter.List{Group: filter.Trackers, Text: "||tracker.example^\n||fine.example^"},
		filter.List{Group: filter.Chats, Text: "||chat.example^"},
	)
	page := filter.PageAt("https://site.example/")
	for _, test := range []struct {
		host   string
		groups filter.Group
		want   bool
	}{
		{"ads.example", filter.Ads, true},
		{"ads.example", filter.Trackers | filter.Chats, false},
		{"tracker.example", filter.Ads | filter.Trackers, true},
		{"chat.example", filter.Chats, true},
		{"chat.example", 0, false},
		{"fine.example", filter.Trackers, false}, // an exception counts everywhere
	} {
		if _, got := set.Match(test.groups, page, filter.Request{URL: "https://" + test.host + "/", Kind: filter.Script}); got != test.want {
			t.Errorf("%s in groups %b: blocked is %t", test.host, test.groups, got)
		}
	}
}

func TestKindsAreThoseOfTheRules(t *testing.T) {
	for _, test := range []struct {
		list string
		want filter.Kind
	}{
		{"||a.example^$script,document\n@@||b.example^$image", filter.Script},
		{"||a.example^$script\n||b.example^$image,xhr", filter.Script | filter.Image | filter.XHR},
		{"! nothing", 0},
	} {
		set, _ := filter.NewSet(filter.List{Group: filter.Ads, Text: test.list})
		if got := set.Kinds(filter.Ads); got != test.want {
			t.Errorf("%q has kinds %b, want %b", test.list, got, test.want)
		}
		if got := set.Kinds(filter.Trackers | filter.Chats); got != 0 {
			t.Errorf("%q has kinds %b in other groups", test.list, got)
		}
	}
}

func TestATallyCountsWhatWasUsed(t *testing.T) {
	_, tallies := filter.NewSet(
		filter.List{Name: "one", Group: filter.Ads, Text: "! c\n||a.example^\n||b.example^$nonsense\n##.x\n"},
		filter.List{Name: "two", Group: filter.Ads, Text: "0.0.0.0 a.example b.example\nnot a rule at all"},
	)
	want := []filter.Tally{{List: "one", Rules: 1, Unusable: 1}, {List: "two", Rules: 2, Unusable: 1}}
	for i := range want {
		if tallies[i] != want[i] {
			t.Errorf("got %+v, want %+v", tallies[i], want[i])
		}
	}
}
