package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"darkroom"
)

// forwarded is how an event was received.
type forwarded struct {
	status  int    // HTTP; 0 = no answer
	problem string // why there was none
	body    string // the beginning of the answer
	took    time.Duration
}

const maxForwardedBytes = 4 << 10 // of an answer that are read

// forward sends an event as a webhook brings it: the headers and the body that
// the server gave, and nothing else.
func (f forwarder) forward(ctx context.Context, event darkroom.EventAnswer) (sent forwarded) {
	started := time.Now()
	defer func() { sent.took = time.Since(started) }()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.target, strings.NewReader(event.Body))
	if err != nil {
		return forwarded{problem: err.Error()}
	}
	for name, value := range event.Headers {
		request.Header.Set(name, value)
	}
	response, err := f.client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // the rest is the address
		}
		return forwarded{problem: err.Error()}
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxForwardedBytes)) // the status has decided
	return forwarded{status: response.StatusCode, body: string(body)}
}

func (s forwarded) taken() bool { return s.status >= 200 && s.status < 300 }

// eventLine is an event that was handed on, for --json.
type eventLine struct {
	MessageType string `json:"message_type"` // "event"
	ID          string `json:"id"`
	Event       string `json:"event"`
	JobID       string `json:"job_id"`
	Status      int    `json:"status,omitempty"` // HTTP, of the receiver
	DurationMS  int64  `json:"duration_ms"`
	Error       string `json:"error,omitempty"`
	Response    string `json:"response,omitempty"`
}

// tellForwarded writes one line: aligned on a terminal, separated by tabs
// elsewhere.
func (p *program) tellForwarded(event darkroom.EventAnswer, sent forwarded) error {
	if p.json {
		return p.emit(eventLine{
			MessageType: "event", ID: event.ID, Event: event.Event, JobID: event.JobID, Status: sent.status,
			DurationMS: sent.took.Milliseconds(), Error: sent.problem, Response: sent.body,
		})
	}
	format, job := "%s\t%s\t%s\t%s\t%s\t%s\n", event.JobID
	if p.terminal(p.stdout) {
		format = "%s  %-13s  %s  %-14s  → %s  %s\n"
	}
	_, err := fmt.Fprintf(p.stdout, format, time.Now().Format(time.TimeOnly), event.Event, job, countsOf(event), sent.text(), sent.took.Round(time.Millisecond))
	if err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	return nil
}

// countsOf is what the body says of the job: "batch 2/2".
func countsOf(event darkroom.EventAnswer) string {
	var body struct {
		Type     darkroom.JobKind
		Progress darkroom.ProgressAnswer
	}
	if err := json.Unmarshal([]byte(event.Body), &body); err != nil {
		return "" // a newer server's
	}
	return fmt.Sprintf("%s %d/%d", body.Type, body.Progress.Completed, body.Progress.Total)
}

// text is the status, and what the receiver said when it is none of success:
// as one line, whatever is in it.
func (s forwarded) text() string {
	switch {
	case s.status == 0:
		return "no answer: " + printable(s.problem)
	case s.taken() || s.body == "":
		return fmt.Sprintf("%d %s", s.status, http.StatusText(s.status))
	}
	return fmt.Sprintf("%d %s", s.status, printable(s.body))
}

// printable is the first line of a text that somebody else has written, without
// anything that a terminal would obey.
func printable(text string) string {
	const most = 100
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	line = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(line, "\uFFFD"))
	if short := []rune(line); len(short) > most {
		return string(short[:most]) + "…"
	}
	return line
}
