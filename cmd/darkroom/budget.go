package main

import (
	"fmt"
	"time"

	"darkroom/internal/egress"
)

// maxConnectTimeout is the most that connect-timeout may be: the time of one
// connection ends then whatever it says.
const maxConnectTimeout = 10 * time.Second

// budgetSettings bound what one capture may take from the network.
func budgetSettings() []setting {
	return []setting{
		{
			Name: "capture-bytes", Kind: settingSize, Default: "100MB", Check: moreThanNothing,
			Doc: "Bytes that one capture may move, both ways; beyond that it fails with too_large.",
		},
		{
			Name: "capture-requests", Kind: settingCount, Default: "2000", Min: 1, Unit: "requests",
			Doc: "Requests of one capture at most (a tunnel for https counts as one); beyond that it fails with too_large.",
		},
		{
			Name: "capture-connections", Kind: settingCount, Default: "64", Min: 1, Unit: "connections",
			Doc: "Requests and tunnels of one capture at once; more wait.",
		},
		{
			Name: "capture-time", Kind: settingDuration, Default: "150s", Check: moreThanNothing,
			Doc: "How long one capture may use the network, after which it fails with timeout. A job's own timeout (120s at most) usually ends it before.",
		},
		{
			Name: "connect-timeout", Kind: settingDuration, Default: "10s", Check: connectTimeoutInRange,
			Doc: "How long a page's host may take to be looked up and to accept a connection; 10s at most.",
		},
		{
			Name: "idle-timeout", Kind: settingDuration, Default: "30s", Check: moreThanNothing,
			Doc: "A page's connection on which no byte has moved for so long is closed.",
		},
		{
			Name: "header-bytes", Kind: settingSize, Default: "64KiB", Check: moreThanNothing,
			Doc: "Header of one request or answer of a page at most.",
		},
	}
}

// moreThanNothing refuses 0 of a size or a duration.
func moreThanNothing(text string) error {
	if known := (settings{"": {Text: text}}); known.size("") > 0 || known.duration("") > 0 {
		return nil
	}
	return fmt.Errorf("%q is not more than nothing", text)
}

func connectTimeoutInRange(text string) error {
	if took, err := parseDuration(text); err != nil || took <= 0 || took > maxConnectTimeout {
		return fmt.Errorf("%q is not between 1ms and %s", text, maxConnectTimeout)
	}
	return nil
}

// budget is the settings as the proxy of a browser takes them.
func (known settings) budget() egress.Limits {
	return egress.Limits{
		Bytes:          known.size("capture-bytes"),
		Time:           known.duration("capture-time"),
		Requests:       int64(known.count("capture-requests")),
		Connections:    known.count("capture-connections"),
		ConnectTimeout: known.duration("connect-timeout"),
		IdleTimeout:    known.duration("idle-timeout"),
		HeaderBytes:    int(known.size("header-bytes")),
	}
}

// each checks a list of rules, which other lists would not need.
func each(check func([]string) error) func(string) error {
	return func(text string) error { return check(words(text)) }
}
