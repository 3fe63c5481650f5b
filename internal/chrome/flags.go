package chrome

import (
	"slices"
	"strings"
)

// flags are the arguments of one browser. proxy is its slot's listener,
// profile a folder of its own, small says that /dev/shm is.
type launchOptions struct {
	shell       bool
	strict      bool
	proxy       string // host:port
	profile     string
	smallShared bool // little room in /dev/shm
	without     []string
}

// arguments gives the flags, each group with what it is for. Never among
// them: --no-sandbox, --disable-web-security, --ignore-certificate-errors,
// --single-process, --remote-debugging-port.
func (o launchOptions) arguments() []string {
	return slices.Concat(o.control(), o.containment(), o.quiet(), o.picture(), o.speed(), o.features())
}

// containment: everything that a page asks for goes to our proxy.
func (o launchOptions) containment() []string {
	args := []string{
		// V8's limit bounds JavaScript objects only; the watchdog bounds the rest.
		"--js-flags=--max-old-space-size=512",
	}
	for _, flag := range containmentFlags() {
		if !slices.Contains(o.without, flag.Name) {
			args = append(args, flag.argument(o.proxy))
		}
	}
	return args
}

// control: a pipe, so that there is no debugging port that a page or another
// user could reach.
func (o launchOptions) control() []string {
	args := []string{"--remote-debugging-pipe", "--user-data-dir=" + o.profile, "--no-first-run", "--no-default-browser-check"}
	if !o.shell {
		args = append(args, "--headless=new")
	}
	if o.smallShared {
		args = append(args, "--disable-dev-shm-usage")
	}
	return args
}

// quiet: nothing is fetched, reported or stored for the browser's own sake.
func (o launchOptions) quiet() []string {
	return []string{
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-domain-reliability", "--disable-client-side-phishing-detection", "--no-pings",
		"--disable-breakpad", "--disable-crash-reporter", "--disable-default-apps", "--disable-extensions",
		"--metrics-recording-only", "--password-store=basic", "--no-service-autorun", "--disable-search-engine-choice-screen",
	}
}

// picture: the same pixels on every machine, and no pixel missing. Without the
// checker-imaging flag a large image may still be blank in the frame that is
// captured, because it is decoded beside the frame.
func (o launchOptions) picture() []string {
	return []string{
		"--window-size=1280,720", "--force-color-profile=srgb", "--hide-scrollbars", "--mute-audio", "--lang=en-US",
		"--disable-lcd-text", "--font-render-hinting=none",
		"--disable-checker-imaging", "--disable-renderer-backgrounding", "--disable-background-timer-throttling",
		"--disable-backgrounding-occluded-windows", "--disable-hang-monitor",
		// navigator.webdriver, which the pipe switches on: that this is no person is
		// said by the user agent, unless stealth is asked for.
		"--disable-blink-features=AutomationControlled",
	}
}

// speed: no GPU process that only emulates one, and (unless site isolation is
// strict) one renderer that is kept from site to site, which saves a quarter
// of all CPU time. Only one page is open in a browser at a time.
func (o launchOptions) speed() []string {
	args := []string{"--disable-gpu"}
	if !o.strict {
		args = append(args, "--disable-site-isolation-trials", "--renderer-process-limit=1")
	}
	return args
}

// features merges every list into one flag: of two --disable-features flags
// Chromium obeys the last only.
func (o launchOptions) features() []string {
	off := []string{
		"Translate", "MediaRouter", "OptimizationHints", "AutofillServerCommunication", "InterestFeedContentSuggestions",
		"CertificateTransparencyComponentUpdater", "BackForwardCache", "SpareRendererForSitePerProcess",
	}
	if !o.strict {
		off = append(off, "IsolateOrigins", "site-per-process", "OriginKeyedProcessesByDefault", "ProactivelySwapBrowsingInstance")
	}
	return []string{"--disable-features=" + strings.Join(off, ",")}
}
