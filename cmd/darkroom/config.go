package main

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"darkroom/internal/api"
	"darkroom/internal/bucket"
	"darkroom/internal/egress"
	"darkroom/internal/isolation"
)

// config is the settings in the types that the rooms take.
type config struct {
	Listen          string // host:port
	Data            string // absolute
	DatabaseURL     string // of PostgreSQL; "" = SQLite in Data
	Role            string // all, api or worker
	SecretKey       string // as given in the environment; "" = the file in Data
	BucketURL       string // file:///… or s3://…; "" = a folder in Data
	Slots           int    // captures at once
	MaxSlots        int    // captures at once while pages wait for the network
	Retention       time.Duration
	JobDeadline     time.Duration
	History         time.Duration
	PrivateTargets  string // auto, allow or deny
	MaxURLs         int
	MaxPages        int
	HostConcurrency int
	RateLimit       int   // requests a minute of one key; 0 = none
	MinFreeDisk     int64 // bytes
	Chromium        string
	StrictSites     bool
	Isolation       isolation.Mode
	BlockLists      []string // as filter.Open takes them
	EgressAllow     []string
	EgressDeny      []string
	ListedOnly      bool                // nothing but EgressAllow
	Budget          egress.Limits       // of one capture
	Authorities     []*x509.Certificate // beyond the system's
	InsecureTLS     bool                // jobs may have certificate errors ignored
	RefuseProxies   bool                // jobs may not name a proxy
	Front           api.Front
	LogFormat       string
	Traces          bool // the environment names a collector
}

// newConfig converts checked settings. environ gives the default of the data
// folder.
func newConfig(known settings, environ environment) (config, error) {
	c := config{
		Listen:          known.text("listen"),
		DatabaseURL:     known.text("database-url"),
		Role:            known.text("role"),
		SecretKey:       environ["DARKROOM_SECRET_KEY"],
		BucketURL:       known.text("bucket-url"),
		Retention:       known.duration("retention"),
		JobDeadline:     known.duration("job-deadline"),
		History:         known.duration("history"),
		PrivateTargets:  known.text("private-targets"),
		MaxURLs:         known.count("max-urls"),
		MaxPages:        known.count("max-pages"),
		HostConcurrency: known.count("host-concurrency"),
		RateLimit:       known.count("rate-limit"),
		MinFreeDisk:     known.size("min-free-disk"),
		Chromium:        known.text("chromium"),
		StrictSites:     known.text("site-isolation") == "strict",
		Isolation:       isolation.Mode(known.text("isolation")),
		BlockLists:      known.list("block-lists"),
		EgressAllow:     known.list("egress-allow"),
		EgressDeny:      known.list("egress-deny"),
		ListedOnly:      known.text("egress-mode") == "listed",
		Budget:          known.budget(),
		InsecureTLS:     known.on("allow-insecure-tls"),
		RefuseProxies:   known.text("job-proxy") == "deny",
		LogFormat:       known.text("log-format"),
	}
	c.Front = known.front()
	c.Traces = environ["OTEL_EXPORTER_OTLP_ENDPOINT"] != "" || environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] != ""
	c.Slots, c.MaxSlots = known.slots()
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return c, usage("%s: %q is not host:port, such as 127.0.0.1:8484", known["listen"].Source, c.Listen)
	}
	if c.Retention <= 0 || c.JobDeadline <= 0 {
		return c, usage("retention and job-deadline must be longer than 0")
	}
	if c.Role != roleAll && c.DatabaseURL == "" {
		return c, usage("%s: role %s needs a database that several processes share: set --database-url postgres://…", known["role"].Source, c.Role)
	}
	authorities, err := readAuthorities(known.text("ca-file"))
	if err != nil {
		return c, usage("%s: %v", known["ca-file"].Source, err)
	}
	c.Authorities = authorities
	data := known.text("data")
	if data == "" {
		data = environ.dataFolder()
	}
	if data == "" {
		return c, usage("no data folder: set --data DIR or DARKROOM_DATA (there is no home folder to put it in)")
	}
	absolute, err := filepath.Abs(data)
	if err != nil {
		return c, fmt.Errorf("find the data folder %s: %w", data, err)
	}
	c.Data = absolute
	return c, nil
}

// bucket is where the pictures go.
func (c config) bucket() bucket.Config {
	folder, isFolder := strings.CutPrefix(c.BucketURL, "file://")
	switch {
	case c.BucketURL == "":
		return bucket.Config{Dir: filepath.Join(c.Data, bucketName)}
	case isFolder:
		return bucket.Config{Dir: folder}
	}
	return bucket.Config{URL: c.BucketURL}
}

// AllowsPrivate reports whether private targets are allowed while the service
// listens on these addresses.
func (c config) AllowsPrivate(own ...netip.AddrPort) bool {
	if c.PrivateTargets == "auto" {
		return !slices.ContainsFunc(own, func(listener netip.AddrPort) bool { return !listener.Addr().IsLoopback() })
	}
	return c.PrivateTargets == "allow"
}

func (known settings) text(name string) string { return known[name].Text }

// Malformed values were refused by check, so the conversions below cannot
// fail.
func (known settings) count(name string) int {
	number, _ := strconv.Atoi(known.text(name))
	return number
}

func (known settings) duration(name string) time.Duration {
	duration, _ := parseDuration(known.text(name))
	return duration
}

func (known settings) size(name string) int64 {
	size, _ := humanize.ParseBytes(known.text(name))
	return int64(size)
}

func (known settings) on(name string) bool {
	yes, _ := strconv.ParseBool(known.text(name))
	return yes
}

func (known settings) list(name string) []string {
	return words(known.text(name))
}

// words are the entries of a list.
func words(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(word string) bool { return strings.TrimSpace(word) == "" })
}

// Slots for each processor with --concurrency auto.
const (
	usualSlots = 2
	mostSlots  = 6
)

func (known settings) slots() (usual, most int) {
	if known.text("concurrency") == "auto" {
		processors := runtime.GOMAXPROCS(0) // less than there are where a container may use less
		return usualSlots * processors, mostSlots * processors
	}
	fixed := known.count("concurrency")
	return fixed, fixed
}

func isSetting(name string) bool {
	return slices.ContainsFunc(settingTable(), func(s setting) bool { return s.Name == name })
}

func settingNames() []string {
	var names []string
	for _, s := range settingTable() {
		names = append(names, s.Name)
	}
	return names
}
