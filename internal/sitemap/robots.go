package sitemap

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"darkroom"
)

const (
	productToken   = "darkroom" // what a robots.txt calls us
	maxRobotsRules = 20_000
)

// robots is what a robots.txt says to us (RFC 9309).
type robots struct {
	rules   []rule // the longest first; of two equal ones the one that allows
	delay   time.Duration
	maps    []string // Sitemap lines, at most maxRobotsMaps
	more    bool     // there are more of them
	refusal string   // why everything is forbidden; "" = the rules decide

	address *url.URL        // after redirects; nil when nothing could be fetched
	problem *darkroom.Error // why it could not be had; nil when it was
}

// section is the rules of all groups that name the same user agent.
type section struct {
	named bool
	rules []rule
	delay time.Duration
}

// robotsReader goes through the lines of a robots.txt.
type robotsReader struct {
	ours, anyone section
	current      []*section // what the group of this line is for
	naming       bool       // the lines before this one are user agents of the same group
	maps         []string
	more         bool
	tooMany      bool
}

// parseRobots reads a robots.txt. None is broken: lines that say nothing are
// passed over.
func parseRobots(text string) *robots {
	var r robotsReader
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		line, _, _ = strings.Cut(line, "#")
		key, value, found := strings.Cut(line, ":")
		if found {
			r.line(strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value))
		}
	}
	read := &robots{maps: r.maps, more: r.more}
	if r.tooMany {
		read.refusal = "has too many rules"
		return read
	}
	chosen := r.anyone
	if r.ours.named {
		chosen = r.ours
	}
	sortRules(chosen.rules)
	read.rules, read.delay = chosen.rules, chosen.delay
	return read
}

func (r *robotsReader) line(key, value string) {
	switch key {
	case "user-agent":
		if !r.naming {
			r.current = nil
		}
		r.naming = true
		r.name(value)
	case "sitemap":
		r.more = r.more || len(r.maps) == maxRobotsMaps
		if value != "" && !r.more {
			r.maps = append(r.maps, strings.Clone(value))
		}
	case "allow", "disallow":
		r.naming = false
		r.rule(key == "allow", value)
	case "crawl-delay":
		r.naming = false
		for _, section := range r.current {
			section.delay = max(section.delay, crawlDelay(value))
		}
	}
}

// name begins or widens a group. A product token is what comes before a
// version.
func (r *robotsReader) name(agent string) {
	end := strings.IndexFunc(agent, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-'
	})
	if end < 0 {
		end = len(agent)
	}
	switch {
	case strings.EqualFold(agent[:end], productToken):
		r.ours.named = true
		r.current = append(r.current, &r.ours)
	case agent == "*" || strings.HasPrefix(agent, "* "):
		r.current = append(r.current, &r.anyone)
	}
}

// rule adds a line to the sections of its group. An empty one says nothing.
func (r *robotsReader) rule(allow bool, pattern string) {
	if pattern == "" {
		return
	}
	for _, section := range r.current {
		if len(section.rules) == maxRobotsRules {
			r.tooMany = true
			return
		}
		section.rules = append(section.rules, newRule(allow, pattern))
	}
}

func crawlDelay(text string) time.Duration {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, darkroom.MaxHostDelay.Seconds()) * float64(time.Second))
}
