package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"darkroom"
)

// Event is what a watched job tells: exactly one of its fields is set.
type Event struct {
	Job     *Job    // the job as it is now
	Capture *Result // a capture that has changed
}

const maxEventBytes = 4 << 20

// Watch goes through what happens to a job, from now on: the job as it is, then
// each capture that changes and the job after it. It ends after the event that
// tells of the job's end. What changes in quick succession comes as one, and
// some captures may come twice. A server that restarts meanwhile is waited for,
// about half a minute, and nothing is missed. An error is the last thing it
// yields.
func (c *Client) Watch(ctx context.Context, id string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := checkID(id); err != nil {
			yield(Event{}, err)
			return
		}
		w := watch{client: c, path: darkroom.EventsPath(url.PathEscape(id))}
		for failed := 0; ; {
			heard, err := w.listen(ctx, yield)
			if w.ended {
				return
			}
			if heard {
				failed = 0
			}
			if failed++; ctx.Err() != nil || failed >= waitPatience || err != nil && !passing(err) {
				yield(Event{}, errors.Join(err, context.Cause(ctx)))
				return
			}
			if err := c.pause(ctx, darkroom.StreamRetry); err != nil {
				yield(Event{}, err)
				return
			}
		}
	}
}

// watch is what is known from one connection to the next.
type watch struct {
	client *Client
	path   string
	lastID string
	ended  bool // there is nothing more to hear, or nobody who listens
}

// listen hears one connection to its end, and reports whether it told anything.
func (w *watch) listen(ctx context.Context, yield func(Event, error) bool) (heard bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := request{method: http.MethodGet, path: w.path, header: http.Header{}}
	if w.lastID != "" {
		r.header.Set("Last-Event-Id", w.lastID)
	}
	// A connection without a sign of life for so long is dead.
	alarm := time.AfterFunc(2*darkroom.StreamHeartbeat, cancel)
	defer alarm.Stop()
	resp, err := w.client.send(ctx, r)
	if err != nil {
		return false, err
	}
	defer func() { _ = resp.Body.Close() }() // not read to its end: it may have none
	if resp.StatusCode == http.StatusNoContent {
		w.ended = true
		return true, nil
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxEventBytes)
	message := map[string]string{}
	for lines.Scan() {
		alarm.Reset(2 * darkroom.StreamHeartbeat)
		if name, value, ok := strings.Cut(lines.Text(), ": "); ok {
			message[name] = value
			continue
		}
		if message["event"] == "" {
			clear(message)
			continue
		}
		heard = true
		goes, err := w.hear(message, yield)
		if err != nil || !goes {
			w.ended = err == nil
			return heard, err
		}
		clear(message)
	}
	return heard, w.client.connectionError(r, errors.Join(errStreamEnded, lines.Err()))
}

var errStreamEnded = errors.New("the stream has ended")

// hear passes an event on, and is false when it was the last.
func (w *watch) hear(message map[string]string, yield func(Event, error) bool) (goes bool, err error) {
	var event Event
	switch message["event"] {
	case darkroom.StreamJob:
		event.Job = new(Job)
		err = json.Unmarshal([]byte(message["data"]), event.Job)
	case darkroom.StreamCapture:
		event.Capture = new(Result)
		err = json.Unmarshal([]byte(message["data"]), event.Capture)
	default:
		return true, nil // of a newer server
	}
	if err != nil {
		return false, fmt.Errorf("reading an event of %s: %w", w.path, err)
	}
	if id := message["id"]; id != "" {
		w.lastID = id
	}
	return yield(event, nil) && (event.Job == nil || !event.Job.Status.Terminal()), nil
}
