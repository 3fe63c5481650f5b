package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"darkroom/internal/egress"
	"darkroom/internal/isolation"
)

func TestFlagOverEnvironmentOverFileOverDefault(t *testing.T) {
	const file = "max-urls: 300\nretention: 6h\negress-deny: [10.0.0.0/8, '*.example']\nlisten: 127.0.0.1:1\n"
	cases := []struct {
		name       string
		env        []string
		args       []string
		setting    string
		want       string
		wantSource string
	}{
		{"default", nil, nil, "job-deadline", "24h", "default"},
		{"file", nil, nil, "max-urls", "300", "config.yaml:1"},
		{"environment over file", []string{"DARKROOM_MAX_URLS=200"}, nil, "max-urls", "200", "DARKROOM_MAX_URLS"},
		{"flag over environment", []string{"DARKROOM_MAX_URLS=200"}, []string{"--max-urls=100"}, "max-urls", "100", "--max-urls"},
		{"flag over file", nil, []string{"--max-urls=100"}, "max-urls", "100", "--max-urls"},
		{"flag that repeats the default", []string{"DARKROOM_MAX_URLS=200"}, []string{"--max-urls=500"}, "max-urls", "500", "--max-urls"},
		{"empty variable", []string{"DARKROOM_MAX_URLS="}, nil, "max-urls", "300", "config.yaml:1"},
		{"foreign variable", []string{"DARKROOM_PORT=tcp://10.0.0.1:80"}, nil, "listen", "127.0.0.1:1", "config.yaml:4"},
		{"list of the file", nil, nil, "egress-deny", "10.0.0.0/8,*.example", "config.yaml:3"},
		{"list of the environment", []string{"DARKROOM_EGRESS_DENY=a.example,b.example"}, nil, "egress-deny", "a.example,b.example", "DARKROOM_EGRESS_DENY"},
		{"list of flags", nil, []string{"--egress-deny=a.example", "--egress-deny=b.example"}, "egress-deny", "a.example,b.example", "--egress-deny"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			home := configHome(t, file)
			flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
			addSettingFlags(flags)
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			known, err := loadSettings(parseEnvironment(append(c.env, "XDG_CONFIG_HOME="+home)), flags, "")
			if err != nil {
				t.Fatal(err)
			}
			got := known[c.setting]
			if got.Text != c.want || !strings.HasSuffix(got.Source, c.wantSource) {
				t.Errorf("%s = %q from %q, want %q from %q", c.setting, got.Text, got.Source, c.want, c.wantSource)
			}
		})
	}
}

// configHome makes an XDG_CONFIG_HOME with that config file.
func configHome(t *testing.T, file string) string {
	t.Helper()
	home := t.TempDir()
	folder := filepath.Join(home, "darkroom")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "config.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

func TestRefusedSettings(t *testing.T) {
	cases := []struct{ name, file, env, want string }{
		{"unknown key", "max-url: 3\n", "", `"max-url" is not a setting; did you mean "max-urls"?`},
		{"nested key", "listen: {host: a}\n", "", "listen"},
		{"not YAML", "a: b: c\n", "", "config.yaml"},
		{"number", "", "DARKROOM_MAX_URLS=many", "DARKROOM_MAX_URLS"},
		{"number below its range", "", "DARKROOM_MAX_URLS=0", "at least 1"},
		{"duration without unit", "retention: 24\n", "", "24h"},
		{"retention of nothing", "", "DARKROOM_RETENTION=0s", "longer than 0"},
		{"number or word", "", "DARKROOM_CONCURRENCY=fast", "whole number"},
		{"enum", "", "DARKROOM_PRIVATE_TARGETS=yes", "auto, allow, deny"},
		{"address", "", "DARKROOM_LISTEN=8484", "host:port"},
		{"PostgreSQL", "", "DARKROOM_DATABASE_URL=mysql://db/darkroom", "postgres://user@host/name"},
		{"S3", "", "DARKROOM_BUCKET_URL=s3://id:hunter2@pictures", "credentials come from the environment"},
		{"role", "", "DARKROOM_ROLE=worker", "--database-url postgres://"},
		{"isolation", "", "DARKROOM_ISOLATION=on", "auto, required, off"},
		{"rate limit", "", "DARKROOM_RATE_LIMIT=-1", "at least 0"},
		{"path prefix", "", "DARKROOM_PATH_PREFIX=shots/", "not a path such as /shots"},
		{"public URL", "", "DARKROOM_PUBLIC_URL=shots.example", "not an address"},
		{"trusted proxies", "", "DARKROOM_TRUSTED_PROXIES=everybody", "neither a network"},
		{"roots that are not there", "", "DARKROOM_CA_FILE=/nowhere/ca.pem", "DARKROOM_CA_FILE"},
		{"roots that are none", "", "DARKROOM_CA_FILE=/etc/passwd", "no PEM certificate"},
		{"insecure TLS", "", "DARKROOM_ALLOW_INSECURE_TLS=perhaps", "true or false"},
		{"proxies of jobs", "", "DARKROOM_JOB_PROXY=maybe", "allow, deny"},
		{"CORS", "", "DARKROOM_CORS_ORIGIN=https://a.example", "cross-origin"},
		{"pages", "", "DARKROOM_MAX_PAGES=0", "at least 1"},
		{"allow rule", "", "DARKROOM_EGRESS_ALLOW=10.0.0.0/8,http://a.example/", `DARKROOM_EGRESS_ALLOW: rule "http://a.example/"`},
		{"allow rule of the file", "egress-allow: [10.0.0.0/33]\n", "", `rule "10.0.0.0/33" is not an address range such as 10.0.0.0/8`},
		{"allow rule without a host", "", "DARKROOM_EGRESS_ALLOW=:8080", `rule ":8080" names no host`},
		{"deny rule", "", "DARKROOM_EGRESS_DENY=a.example:0", `DARKROOM_EGRESS_DENY: rule "a.example:0" has a port that is not between 1 and 65535`},
		{"deny rule with a wildcard inside", "", "DARKROOM_EGRESS_DENY=a.*.example", `host name nor *.suffix`},
		{"egress mode", "", "DARKROOM_EGRESS_MODE=private-ok", "public, listed"},
		{"no bytes", "", "DARKROOM_CAPTURE_BYTES=0", "more than nothing"},
		{"no size", "", "DARKROOM_CAPTURE_BYTES=lots", "512MiB"},
		{"more bytes than can be counted", "", "DARKROOM_CAPTURE_BYTES=9EiB", "more than nothing"},
		{"no requests", "", "DARKROOM_CAPTURE_REQUESTS=0", "at least 1"},
		{"no connections", "", "DARKROOM_CAPTURE_CONNECTIONS=-1", "at least 1"},
		{"no time", "", "DARKROOM_CAPTURE_TIME=0s", "more than nothing"},
		{"no time to connect", "", "DARKROOM_CONNECT_TIMEOUT=0s", "between 1ms and 10s"},
		{"too much time to connect", "", "DARKROOM_CONNECT_TIMEOUT=11s", "between 1ms and 10s"},
		{"no patience", "", "DARKROOM_IDLE_TIMEOUT=0s", "more than nothing"},
		{"no header", "", "DARKROOM_HEADER_BYTES=0", "more than nothing"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			env := parseEnvironment([]string{"XDG_CONFIG_HOME=" + configHome(t, c.file), "HOME=/home/a", c.env})
			_, err := (&program{env: env}).config(nil)
			if err == nil {
				t.Fatal("it was accepted")
			}
			failure := asExit(t.Context(), err)
			if failure.Code != exitUsage || !strings.Contains(failure.Message, c.want) {
				t.Errorf("code %d, %q; want code %d and %q", failure.Code, failure.Message, exitUsage, c.want)
			}
		})
	}
}

func TestTypedSettings(t *testing.T) {
	env := parseEnvironment([]string{
		"XDG_DATA_HOME=/var/data", "HOME=/home/a", "DARKROOM_HISTORY=7d", "DARKROOM_MIN_FREE_DISK=512MiB",
		"DARKROOM_BUCKET_URL=file:///srv/pictures", "DARKROOM_SITE_ISOLATION=strict", "DARKROOM_ISOLATION=off", "DARKROOM_CONCURRENCY=3",
		"DARKROOM_MAX_PAGES=70", "DARKROOM_ALLOW_INSECURE_TLS=true", "DARKROOM_JOB_PROXY=deny",
	})
	c, err := (&program{env: env}).config(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != "/var/data/darkroom" || c.bucket().Dir != "/srv/pictures" || c.History != 7*24*time.Hour ||
		c.MinFreeDisk != 512<<20 || !c.StrictSites || c.Isolation != isolation.Off || c.Slots != 3 || c.MaxPages != 70 || !c.InsecureTLS || !c.RefuseProxies {
		t.Errorf("%+v", c)
	}
}

// The defaults that are documented are those that the proxy has by itself, and
// every limit can be set.
func TestBudgets(t *testing.T) {
	read := func(env ...string) config {
		t.Helper()
		c, err := (&program{env: parseEnvironment(append(env, "XDG_DATA_HOME=/var/data", "HOME=/home/a"))}).config(nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := read(); c.Budget != (egress.Limits{}).WithDefaults() || c.ListedOnly {
		t.Errorf("defaults are %+v, those of the proxy %+v", c.Budget, (egress.Limits{}).WithDefaults())
	}
	c := read("DARKROOM_CAPTURE_BYTES=1MiB", "DARKROOM_CAPTURE_REQUESTS=7", "DARKROOM_CAPTURE_CONNECTIONS=3", "DARKROOM_CAPTURE_TIME=90s",
		"DARKROOM_CONNECT_TIMEOUT=2s", "DARKROOM_IDLE_TIMEOUT=5s", "DARKROOM_HEADER_BYTES=8KiB", "DARKROOM_EGRESS_MODE=listed")
	want := egress.Limits{
		Bytes: 1 << 20, Time: 90 * time.Second, Requests: 7, Connections: 3,
		ConnectTimeout: 2 * time.Second, IdleTimeout: 5 * time.Second, HeaderBytes: 8 << 10,
	}
	if c.Budget != want || !c.ListedOnly {
		t.Errorf("%+v, want %+v", c.Budget, want)
	}
}

func TestPrivateTargetsFollowTheListeners(t *testing.T) {
	cases := []struct {
		setting, listen string
		want            bool
	}{
		{"auto", "127.0.0.1:1", true},
		{"auto", "[::1]:1", true},
		{"auto", "127.0.0.1:1 [::1]:2", true},
		{"auto", "0.0.0.0:1", false},
		{"auto", "192.0.2.1:1", false},
		{"auto", "127.0.0.1:1 192.0.2.1:1", false},
		{"allow", "0.0.0.0:1", true},
		{"deny", "127.0.0.1:1", false},
	}
	for _, c := range cases {
		var own []netip.AddrPort
		for listener := range strings.FieldsSeq(c.listen) {
			own = append(own, netip.MustParseAddrPort(listener))
		}
		if got := (config{PrivateTargets: c.setting}).AllowsPrivate(own...); got != c.want {
			t.Errorf("%s on %s: %v, want %v", c.setting, c.listen, got, c.want)
		}
	}
}

func TestSettingsReferenceIsCurrent(t *testing.T) {
	content, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(content) != configReference() {
		t.Error("docs/config.md is not what `darkroom config reference` writes: make it anew")
	}
}
