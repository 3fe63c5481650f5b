package chrome

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"darkroom"
	"darkroom/internal/egress"
)

// reading is what the browser makes of a text: nothing when it fails, else
// host and port as it would ask its proxy for them.
type reading struct {
	Href     string `json:"href"`
	Protocol string `json:"protocol"`
	Host     string `json:"host"`
	User     bool   `json:"user"`
}

const readingPage = `<!doctype html><body><script>
const read = text => { try {
  const u = new URL(text)
  return {href: u.href, protocol: u.protocol, host: u.hostname + ':' + (u.port || (u.protocol == 'https:' ? 443 : 80)), user: u.username + u.password != ''}
} catch { return {href: ''} } }
fetch('/seeds').then(r => r.json())
  .then(seeds => fetch('/readings', {method: 'POST', body: JSON.stringify(seeds.map(read))}))
  .then(() => { document.body.innerHTML = '<p id=done>done' })
</script>`

// TestBrowserReadsURLsAsAdmitDoes asks the browser's own new URL() what it makes
// of 20,000 texts, and of what Admit makes of them. Nothing may be admitted that
// the browser would take elsewhere or that would not be admitted in the
// browser's words.
func TestBrowserReadsURLsAsAdmitDoes(t *testing.T) {
	seeds := urlSeeds(t, 20_000)
	texts := slices.Clone(seeds)
	policies := []*egress.Policy{admitting(t, false), admitting(t, true)}
	for _, policy := range policies {
		for _, seed := range seeds {
			canonical := ""
			if admitted, err := policy.Admit(seed); err == nil {
				canonical = admitted.String()
			}
			texts = append(texts, canonical)
		}
	}
	readings := readInBrowser(t, texts)
	for i, policy := range policies {
		from := (i + 1) * len(seeds)
		admitted := 0
		for n, seed := range seeds {
			if canonical := texts[from+n]; canonical != "" {
				admitted++
				checkReading(t, policy, seed, canonical, readings[n])
				checkReading(t, policy, canonical, canonical, readings[from+n])
			}
		}
		if admitted < len(seeds)/10 || admitted > len(seeds)*9/10 {
			t.Errorf("%d of %d texts were admitted: the seeds show too little", admitted, len(seeds))
		}
		t.Logf("%d of %d texts admitted, private targets %v", admitted, len(seeds), i == 1)
	}
}

func admitting(t *testing.T, private bool) *egress.Policy {
	t.Helper()
	policy, err := egress.NewPolicy(egress.Config{AllowPrivate: private, Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// checkReading compares a text that was admitted as canonical with what the
// browser makes of it.
func checkReading(t *testing.T, policy *egress.Policy, text, canonical string, seen reading) {
	t.Helper()
	ours, err := policy.Admit(canonical)
	if err != nil {
		t.Errorf("%q was admitted as %q, which is refused: %v", text, canonical, err)
		return
	}
	switch {
	case seen.Href == "":
		t.Errorf("%q is admitted, and the browser cannot read it", text)
	case seen.Protocol != ours.Scheme+":" || seen.User || plainDot(seen.Host) != egress.HostPort(ours):
		t.Errorf("%q is admitted as %q, and the browser reads %+v", text, canonical, seen)
	default:
		if theirs, err := policy.Admit(seen.Href); err != nil || egress.HostPort(theirs) != egress.HostPort(ours) {
			t.Errorf("%q is admitted as %q, and the browser's %q is not: %v %v", text, canonical, seen.Href, theirs, err)
		}
	}
}

// plainDot drops the dot at the end of a name, as HostPort does.
func plainDot(hostPort string) string { return strings.Replace(hostPort, ".:", ":", 1) }

func readInBrowser(t *testing.T, texts []string) (readings []reading) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(readingPage))
	})
	mux.HandleFunc("/seeds", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(texts) })
	mux.HandleFunc("/readings", func(_ http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&readings); err != nil {
			t.Errorf("read what the page made of them: %v", err)
		}
	})
	r := newRig(t)
	site := httptest.NewServer(mux)
	t.Cleanup(func() { site.CloseClientConnections(); site.Close() })
	r.url = site.URL
	r.good("/", darkroom.Options{WaitFor: "#done"})
	if len(readings) != len(texts) {
		t.Fatalf("%d of %d texts were read", len(readings), len(texts))
	}
	return readings
}

// urlSeeds gives the texts of the catalogue of abuse, then texts put together
// from the parts that parsers quarrel over, some of them damaged. They are the
// same in every run.
func urlSeeds(t *testing.T, count int) []string {
	t.Helper()
	file, err := os.Open("../egress/testdata/targets.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var seeds []string
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct{ URL string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, row.URL)
	}
	catalogue := seeds[:len(seeds):len(seeds)]
	if lines.Err() != nil || len(catalogue) < 200 {
		t.Fatalf("%d texts in the catalogue, %v", len(catalogue), lines.Err())
	}
	dice := rand.New(rand.NewPCG(20261123, 10))
	for len(seeds) < count {
		seed := composed(dice)
		if dice.IntN(4) == 0 {
			seed = catalogue[dice.IntN(len(catalogue))]
		}
		for range dice.IntN(3) {
			seed = damaged(dice, seed)
		}
		if len(seed) <= 2000 && utf8.ValidString(seed) {
			seeds = append(seeds, seed)
		}
	}
	return seeds
}

func composed(dice *rand.Rand) string {
	pick := func(from []string) string {
		if dice.IntN(2) == 0 {
			return from[0] // one strange part at a time shows more
		}
		return from[dice.IntN(len(from))]
	}
	return pick(seedSchemes()) + pick(seedSlashes()) + pick(seedUsers()) + pick(seedHosts()) + pick(seedPorts()) + pick(seedTails())
}

func seedSchemes() []string {
	return []string{
		"http:", "https:", "http:", "https:", "http:", "https:", "HTTP:", "hTtPs:", " http:", "http:\u00a0", "\u00a0http:", "\x00http:",
		"ht\ntp:", "http\t:", "http:http:", "ws:", "ftp:", "file:", "", "//", "javascript:", "view-source:http:", "https\uff1a",
	}
}

func seedSlashes() []string {
	return []string{"//", "//", "//", "//", "//", "//", "/", "", "///", `\\`, `/\`, `\/`, "////", "/\t/", "\uff0f\uff0f", "//./", "%2f%2f"}
}

func seedUsers() []string {
	return []string{
		"", "", "", "", "", "", "", "", "user@", "user:pw@", "@", ":@", "a@b@", "example.com@", `example.com\@`, "example.com%40", "example.com#@", "example.com?@",
		"\uff20", "example.com/@", "%00@",
	}
}

func seedHosts() []string {
	return []string{
		"example.com", "example.com", "EXAMPLE.com.", "www.example.org", "8.8.8.8", "8.8", "134744072", "0x08080808", "010.8.8.8", "8.8.8.8.", "8.8.8.8..",
		"127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "127.0.0.01", "0x7f000001.", "4294967296", "256.256.256.256", "1.2.3.4.5", "0x", "1.0x", "08", "09.1",
		"\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "127\u30020\u30020\u30021", "127\uff0e0\uff0e0\uff0e1", "127\uff610\uff610\uff611", "\uff11\uff12\uff17.0.0.1", "127%2e0%2e0%2e1", "%31%32%37.0.0.1",
		"local\u00adhost", "loc\u200balhost", "LOCALHOST", "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54", "localhos\u1d57", "localhost.", "localhost..", "a.localhost", "%6c%6f%63%61%6c%68%6f%73%74",
		"metadata.google.internal", "metadata.google.\u00adinternal", "METADATA", "metadata\u3002google\u3002internal", "instance-data",
		"[::1]", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]", "[2606:4700::1111]", "[2606:4700:0:0:0:0:0:1111]", "[2606:4700::1111%25lo]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]",
		"[::1", "::1", "[::1].example.com", "[example.com]", "[127.0.0.1]", "[::ffff:0x7f.1]", "[1:2:3:4:5:6:7:8:9]", "[2606:4700::1.1.1.1]",
		"b\u00fccher.example", "xn--bcher-kva.example", "xn--", "xn--a", "xn--zzzzzz99", "fa\u00df.example", "\u1e9e.example", "\u03c2.example", "e\u0301.example", "\u4f8b\u3048.jp", "\u202eexample.com", "ex\u200dample.com", "ex\u034fample.com",
		"exam_ple.com", "-a.com", "a-.com", "ab--cd.com", "a..b", ".a", "a.", ".", "..", "", "*", "a b", "a<b", "a%b", "a%00b", "a%20b", "a%2fb", "a%5cb", "a%23b", "a%3fb", "a%40b", "a%3ab", "a|b", "a^b", "a`b", "a{b}", "a\u2024b", "a\u2100b", "a\u2488b",
		strings.Repeat("a", 63) + ".example", strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 126) + "a", strings.Repeat("a.", 127) + "a", "\U0001f600.example", "\ufdfa.example", "\u2f00.example",
	}
}

func seedPorts() []string {
	return []string{
		"", "", "", "", "", ":80", ":443", ":8080", ":", ":0", ":080", ":0000080", ":65535", ":65536", ":99999", ":-1", ":+80", ":8 0", ":80abc", ":22", ":6379", "::80", ":\uff18\uff10", ":%38%30", ":80:90",
	}
}

func seedTails() []string {
	return []string{
		"", "", "/", "/", "/a", "/a/../b", "/%2e%2e/b", `/\evil.test/`, `\evil.test`, "//evil.test/", "?q", "?", "#", "#@127.0.0.1/", "?@127.0.0.1/", "/@127.0.0.1/", `\@127.0.0.1/`, `#\@127.0.0.1`,
		"/\u00fc", "/%", "/%zz", "/a|b^c`d{e}", "/a b", "/\u202e", "/\x00", "/\x7f", "/;p=1", "/?a=b&c=\u00e9", "/#\u00e9", "/ ", "\u00a0", "\u3000", "/\ud7ff", "/'\"<>", "/[a]", "?[a]|^`{}", "#[a]|^`{}",
	}
}

// damaged puts in, takes out, doubles or escapes one character.
func damaged(dice *rand.Rand, text string) string {
	runes := []rune(text)
	if len(runes) == 0 {
		return "h"
	}
	at := dice.IntN(len(runes))
	if dice.IntN(4) == 0 {
		return string(runes[:at]) + string(rune(0x80+dice.IntN(0x2ff80))) + string(runes[at:])
	}
	strange := []rune(".:/\\@?#%[]\t\n \u00ad\u200b\u3002\uff0e\uff0f\uff1a\uff20\u2460\u00df0x1a-_\u0131\u212a\u017f")
	before, after := string(runes[:at]), string(runes[at+1:])
	switch dice.IntN(5) {
	case 0:
		return before + string(runes[at]) + string(strange[dice.IntN(len(strange))]) + after
	case 1:
		return before + after
	case 2:
		return before + string(runes[at]) + string(runes[at]) + after
	case 3:
		return before + string(strange[dice.IntN(len(strange))]) + after
	}
	const digits = "0123456789abcdef"
	var escaped strings.Builder
	for _, b := range []byte(string(runes[at])) {
		escaped.Write([]byte{'%', digits[b>>4], digits[b&15]})
	}
	return before + escaped.String() + after
}
