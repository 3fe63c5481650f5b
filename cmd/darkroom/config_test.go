package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
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
		{"file", nil, nil, "max-urls", "300", "config.yaml"},
		{"environment over file", []string{"DARKROOM_MAX_URLS=200"}, nil, "max-urls", "200", "DARKROOM_MAX_URLS"},
		{"flag over environment", []string{"DARKROOM_MAX_URLS=200"}, []string{"--max-urls=100"}, "max-urls", "100", "--max-urls"},
		{"flag over file", nil, []string{"--max-urls=100"}, "max-urls", "100", "--max-urls"},
		{"flag that repeats the default", []string{"DARKROOM_MAX_URLS=200"}, []string{"--max-urls=500"}, "max-urls", "500", "--max-urls"},
		{"empty variable", []string{"DARKROOM_MAX_URLS="}, nil, "max-urls", "300", "config.yaml"},
		{"foreign variable", []string{"DARKROOM_PORT=tcp://10.0.0.1:80"}, nil, "listen", "127.0.0.1:1", "config.yaml"},
		{"list of the file", nil, nil, "egress-deny", "10.0.0.0/8,*.example", "config.yaml"},
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
		{"PostgreSQL", "", "DARKROOM_DATABASE_URL=postgres://db/darkroom", "SQLite"},
		{"S3", "", "DARKROOM_BUCKET_URL=s3://pictures", "folders only"},
		{"role", "", "DARKROOM_ROLE=worker", "one process"},
		{"isolation", "", "DARKROOM_ISOLATION=required", "namespace"},
		{"rate limit", "", "DARKROOM_RATE_LIMIT=10", "no rate limits"},
		{"path prefix", "", "DARKROOM_PATH_PREFIX=/shots", "at / only"},
		{"public URL", "", "DARKROOM_PUBLIC_URL=https://shots.example", "relative"},
		{"trusted proxies", "", "DARKROOM_TRUSTED_PROXIES=10.0.0.0/8", "forwarding"},
		{"roots that are not there", "", "DARKROOM_CA_FILE=/nowhere/ca.pem", "DARKROOM_CA_FILE"},
		{"roots that are none", "", "DARKROOM_CA_FILE=/etc/passwd", "no PEM certificate"},
		{"insecure TLS", "", "DARKROOM_ALLOW_INSECURE_TLS=perhaps", "true or false"},
		{"proxies of jobs", "", "DARKROOM_JOB_PROXY=maybe", "allow, deny"},
		{"CORS", "", "DARKROOM_CORS_ORIGIN=https://a.example", "cross-origin"},
		{"pages", "", "DARKROOM_MAX_PAGES=0", "at least 1"},
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
	if c.Data != "/var/data/darkroom" || c.bucketFolder() != "/srv/pictures" || c.History != 7*24*time.Hour ||
		c.MinFreeDisk != 512<<20 || !c.StrictSites || c.Slots != 3 || c.MaxPages != 70 || !c.InsecureTLS || !c.RefuseProxies {
		t.Errorf("%+v", c)
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
