package egress

import (
	"bufio"
	"encoding/json"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"

	"darkroom"
)

// admitCase is one line of testdata: a URL alone, as a client sends it.
type admitCase struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	Private   bool   `json:"private"`
	Code      string `json:"code"`
	Canonical string `json:"canonical"`
}

func readCases(t testing.TB, path string) []admitCase {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var cases []admitCase
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c admitCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil || len(cases) == 0 {
		t.Fatalf("%s: %d cases, %v", path, len(cases), err)
	}
	return cases
}

// newPolicy makes a policy that believes this machine has no interfaces, so
// that decisions do not depend on where the test runs.
func newPolicy(t testing.TB, config Config) *Policy {
	t.Helper()
	p, err := NewPolicy(config)
	if err != nil {
		t.Fatal(err)
	}
	p.machine = machineWith()
	return p
}

func TestAdmitTargets(t *testing.T) {
	public := newPolicy(t, Config{})
	private := newPolicy(t, Config{AllowPrivate: true})
	for _, c := range readCases(t, "testdata/targets.jsonl") {
		t.Run(c.ID, func(t *testing.T) {
			p := public
			if c.Private {
				p = private
			}
			admitted, err := p.Admit(c.URL)
			checkAdmitted(t, c, admitted, err)
		})
	}
}

func TestAdmitCallbacks(t *testing.T) {
	p := newPolicy(t, Config{})
	for _, c := range readCases(t, "testdata/callbacks.jsonl") {
		t.Run(c.ID, func(t *testing.T) {
			admitted, err := p.AdmitCallback(c.URL)
			checkAdmitted(t, c, admitted, err)
		})
	}
}

// What may not be photographed may not be called back either.
func TestCallbackRefusesWhatTargetsRefuse(t *testing.T) {
	p := newPolicy(t, Config{})
	for _, c := range readCases(t, "testdata/targets.jsonl") {
		if c.Code == "" || c.Private {
			continue
		}
		if _, err := p.AdmitCallback(c.URL); Reason(err) != c.Code {
			t.Errorf("%s: %.80q: refused with %q, want %q", c.ID, c.URL, Reason(err), c.Code)
		}
	}
}

func checkAdmitted(t *testing.T, c admitCase, admitted *url.URL, err error) {
	t.Helper()
	if c.Code == "" {
		if err != nil {
			t.Fatalf("%.200q refused: %v", c.URL, err)
		}
		if admitted.String() != c.Canonical {
			t.Fatalf("%.200q\n gives %.200q\n  want %.200q", c.URL, admitted, c.Canonical)
		}
		return
	}
	if err == nil {
		t.Fatalf("%.200q admitted as %.200q, want %s", c.URL, admitted, c.Code)
	}
	if Reason(err) != c.Code || darkroom.CodeOf(err) != darkroom.CodeValidation {
		t.Fatalf("%.200q refused with %q (%s), want %q", c.URL, Reason(err), err, c.Code)
	}
	if strings.ContainsAny(err.Error(), "\x00\n\r\t\u202e") || len(err.Error()) > 500 {
		t.Fatalf("message is not fit to be shown: %q", err)
	}
}

func TestRefusalNamesTheSetting(t *testing.T) {
	p := newPolicy(t, Config{Deny: []string{"bad.example", ":8081"}, Self: []netip.AddrPort{netip.MustParseAddrPort("8.8.8.8:8484")}})
	for target, setting := range map[string]string{
		"http://10.0.0.1/":             "--private-targets allow or --egress-allow 10.0.0.1",
		"http://localhost/":            "--private-targets allow or --egress-allow localhost",
		"http://169.254.169.254/":      "--egress-allow 169.254.169.254",
		"http://metadata/":             "--egress-allow metadata",
		"http://224.0.0.1/":            "--egress-allow 224.0.0.1",
		"http://[4000::1]/":            "--egress-allow 4000::1",
		"http://bad.example/":          "--egress-deny",
		"http://example.com:8081/":     "--egress-deny",
		"http://8.8.8.8:8484/v1/batch": "--egress-allow 8.8.8.8:8484",
		"http://example.com:6379/":     "--egress-allow example.com:6379",
	} {
		_, err := p.Admit(target)
		if err == nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("%s: %v, want it to name %s", target, err, setting)
		}
	}
}

func TestHostPort(t *testing.T) {
	p := newPolicy(t, Config{AllowPrivate: true})
	for raw, want := range map[string]string{
		"http://Example.com/a":     "example.com:80",
		"https://example.com./a":   "example.com:443",
		"https://example.com:8443": "example.com:8443",
		"http://[::1]/":            "[::1]:80",
	} {
		admitted, err := p.Admit(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := HostPort(admitted); got != want {
			t.Errorf("HostPort(%s) = %q, want %q", raw, got, want)
		}
	}
}

// Whatever is admitted is written in a form that is admitted unchanged, that
// net/url reads to the same host, and whose host is permitted.
func FuzzAdmit(f *testing.F) {
	for _, c := range readCases(f, "testdata/targets.jsonl") {
		if len(c.URL) < 500 {
			f.Add(c.URL)
		}
	}
	public := newPolicy(f, Config{})
	private := newPolicy(f, Config{AllowPrivate: true})
	f.Fuzz(func(t *testing.T, raw string) {
		for _, p := range []*Policy{public, private} {
			admitted, err := p.Admit(raw)
			if err != nil {
				if Reason(err) == "" {
					t.Fatalf("%q: refusal without sub-code: %v", raw, err)
				}
				continue
			}
			checkCanonical(t, p, raw, admitted)
		}
	})
}

func checkCanonical(t *testing.T, p *Policy, raw string, admitted *url.URL) {
	t.Helper()
	text := admitted.String()
	if len(text) <= darkroom.MaxURLBytes {
		again, err := p.Admit(text)
		if err != nil || again.String() != text {
			t.Fatalf("%q admitted as %q, which is then %v (%v)", raw, text, again, err)
		}
	}
	if strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' && !strings.Contains(text, "?") }) >= 0 {
		t.Fatalf("%q admitted as %q, which has a character that parsers read differently", raw, text)
	}
	parsed, err := url.ParseRequestURI(text)
	if err != nil || parsed.Host != admitted.Host || parsed.User != nil {
		t.Fatalf("%q admitted as %q, which net/url reads as %v (%v)", raw, text, parsed, err)
	}
	if addr, err := netip.ParseAddr(admitted.Hostname()); err == nil {
		if _, special := classify(addr.Unmap()); special && !p.allowPrivate {
			t.Fatalf("%q admitted as %q", raw, text)
		}
		return
	}
	if !validName(admitted.Hostname()) || !p.allowPrivate && isLocalName(plainName(admitted.Hostname())) {
		t.Fatalf("%q admitted with host %q", raw, admitted.Hostname())
	}
}
