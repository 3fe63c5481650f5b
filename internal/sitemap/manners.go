package sitemap

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"darkroom"
	"darkroom/internal/egress"
)

// maxRobotsSteps bounds the bytes that rules are compared with in one walk.
const maxRobotsSteps = 1 << 30

// manners asks the robots.txt of each host, and remembers its answer for one
// walk.
type manners struct {
	reader *Reader
	known  map[string]*robots // by scheme and host
	steps  int                // left
}

func newManners(r *Reader) *manners {
	return &manners{reader: r, known: make(map[string]*robots), steps: maxRobotsSteps}
}

// tell adds to a page what its host's robots.txt says about it. The error is
// that of a ctx which ended while the file was asked for.
func (m *manners) tell(ctx context.Context, u *url.URL, page *Page) error {
	found, err := m.of(ctx, u)
	if err != nil {
		return err
	}
	page.Delay = found.delay
	why := found.refusal
	if why == "" {
		why = m.decide(found.rules, u)
	}
	if why != "" {
		page.Refusal = &darkroom.Failure{
			Code:    darkroom.CodeRobotsDenied,
			Message: "the robots.txt of " + show(egress.HostPort(u)) + " " + why,
		}
	}
	return nil
}

// decide gives the reason of the rules against a URL, "" when they allow it.
func (m *manners) decide(rules []rule, u *url.URL) string {
	path := robotsPath(u)
	if path == "/robots.txt" {
		return ""
	}
	for _, rule := range rules {
		if m.steps -= 1 + rule.cost(path); m.steps < 0 {
			return "takes too long to be heeded"
		}
		if rule.matches(path) {
			if rule.allow {
				return ""
			}
			return "forbids it: Disallow: " + show(rule.pattern)
		}
	}
	return ""
}

// of gives the robots.txt of a URL's host.
func (m *manners) of(ctx context.Context, u *url.URL) (*robots, error) {
	origin := u.Scheme + "://" + u.Host
	if found := m.known[origin]; found != nil {
		return found, nil
	}
	if len(m.known) == m.reader.limits.Robots {
		return &robots{refusal: "was not read: there are too many hosts"}, nil
	}
	found := m.ask(ctx, origin)
	if found.problem != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	m.known[origin] = found
	return found, nil
}

// ask reads a robots.txt. One that is not there allows everything; one that
// cannot be had forbids everything, since nobody knows what it says.
func (m *manners) ask(ctx context.Context, origin string) *robots {
	address, err := m.reader.admit(origin + "/robots.txt")
	if err != nil {
		return absent(blocked(err, "%s may not be reached", show(origin)))
	}
	answer, err := m.reader.fetch(ctx, address, nil)
	if err != nil {
		return absent(err)
	}
	defer answer.Body.Close()
	found := m.read(ctx, answer)
	found.address = answer.address
	return found
}

func (m *manners) read(ctx context.Context, answer *file) *robots {
	left := int64(maxRobotsBytes)
	opened, err := answer.open(m.reader.limits.FileBytes, &left)
	if err != nil {
		return new(robots) // it is no text, so there is no robots.txt
	}
	text, err := io.ReadAll(opened)
	if err != nil && !errors.Is(err, errAllBytes) {
		return &robots{problem: failure(ctx, answer.address, err), refusal: "could not be read to its end"}
	}
	return parseRobots(string(text))
}

// absent is the robots.txt that there is when it could not be fetched. 429 is
// the one answer of its class that says to stay away.
func absent(err error) *robots {
	problem := asProblem(err)
	missing := problem.Code == darkroom.CodeTooManyRedirects ||
		problem.HTTPStatus/100 == 4 && problem.HTTPStatus != http.StatusTooManyRequests
	if missing {
		return &robots{problem: problem}
	}
	return &robots{problem: problem, refusal: "could not be read (" + string(problem.Code) + ")"}
}
