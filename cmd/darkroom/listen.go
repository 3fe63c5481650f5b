package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/client"
)

// How listen asks: few events at a time, so that the time they are signed with
// is recent when the last is handed on, and after a failure again after a pause
// that grows.
const (
	listenWait   = 30 * time.Second
	listenEvents = 10
	listenPause  = time.Second
	longestPause = 10 * time.Second
)

func (p *program) listenCommand() *cobra.Command {
	var where whereFlags
	var forwardTo string
	command := &cobra.Command{
		Use: "listen --forward-to URL", Short: "Hand the ends of jobs on to an address of this machine", Args: cobra.NoArgs,
		Long: `Hand the ends of jobs on to an address of this machine, while a webhook is
written or tried out. The server need not reach it.

Every job of the key that ends from now on is told, with a callback_url or
without: as its webhook, with the same id, the same bytes and signatures by the
same secret, which "darkroom keys secret" shows. Each is sent once, whatever the
answer, and told in one line. A server that restarts is waited for; no event is
left out and none comes twice. It ends with ctrl-C.`,
		Example: "  darkroom listen --forward-to http://localhost:3000/hook",
		RunE: func(command *cobra.Command, _ []string) error {
			target, err := forwardTarget(forwardTo)
			if err != nil {
				return err
			}
			server, err := p.connectServer(command.Context(), &where)
			if err != nil {
				return err
			}
			return p.listen(command.Context(), server, newForwarder(target))
		},
	}
	where.add(command.Flags(), false)
	command.Flags().StringVar(&forwardTo, "forward-to", "", "`URL` to which events are sent")
	return command
}

func forwardTarget(text string) (string, error) {
	if text == "" {
		return "", usage("say where to: --forward-to http://localhost:3000/hook")
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return "", usage("--forward-to must be a URL such as http://localhost:3000/hook, not %q", text)
	}
	return text, nil
}

// listen hands events on until ctx ends, which is no failure.
func (p *program) listen(ctx context.Context, server *target, to forwarder) error {
	page, err := server.Events(ctx, client.EventParams{})
	if err != nil {
		return err
	}
	p.whisper("Ready. Events of jobs from %s go to %s; ctrl-C ends this.", server.URL, to.target)
	cursor, wait := page.NextCursor, listenPause
	for ctx.Err() == nil {
		page, err := server.Events(ctx, client.EventParams{Cursor: cursor, Wait: listenWait, Limit: listenEvents})
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case err != nil && !passes(err):
			return err
		case err != nil:
			if wait == listenPause { // the first failure in a row
				p.whisper("no events at the moment, asking again: %v", err)
			}
			rest(ctx, max(wait, asked(err)))
			wait = min(2*wait, longestPause)
			continue
		}
		if err := p.handOn(ctx, page.Events, to); err != nil {
			return err
		}
		cursor, wait = page.NextCursor, listenPause
	}
	return nil
}

// handOn sends events on one after the other, and tells of each, until ctx ends.
func (p *program) handOn(ctx context.Context, events []darkroom.EventAnswer, to forwarder) error {
	for _, event := range events {
		sent := to.forward(ctx, event)
		if ctx.Err() != nil {
			return nil
		}
		if err := p.tellForwarded(event, sent); err != nil {
			return err
		}
	}
	return nil
}

// passes reports whether asking again later may help: the server restarts, or
// it has enough for the moment.
func passes(err error) bool {
	answer, ok := errors.AsType[*client.Error](err)
	return ok && (answer.Status == 0 || answer.Status == http.StatusTooManyRequests || answer.Status >= http.StatusInternalServerError)
}

// asked is how long the server wants to be left alone.
func asked(err error) time.Duration {
	answer, ok := errors.AsType[*client.Error](err)
	if !ok {
		return 0
	}
	return answer.RetryAfter
}

func rest(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// forwarder sends events to an address of the user's own choice.
type forwarder struct {
	target string
	client *http.Client
}

func newForwarder(target string) forwarder {
	return forwarder{target, &http.Client{
		Timeout:       darkroom.DeliveryTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}
