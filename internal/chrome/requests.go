package chrome

import (
	"bytes"
	"encoding/json"
	"strings"

	"darkroom"
	"darkroom/internal/egress"
)

// loading is what a page is loading and could not load. It is kept for every
// capture, because a failure is not known beforehand; so it is told from the
// events by a few bytes, and text is unpacked only when somebody asks.
type loading struct {
	begun   int // requests so far
	pending map[string]pendingRequest
	failed  []failedRequest // the last darkroom.MaxEvidenceEntries
	moving  map[string]bool // URLs of pictures that may be animated
}

type pendingRequest struct {
	order int
	url   string // as JSON has it, cut
	main  bool   // of the main document
}

type failedRequest struct {
	url    string // as JSON has it, cut
	status int
	err    string // net::ERR_…

	refused bool // the answer is our proxy's: it could or may not reach the target
}

const (
	maxPending = 1000 // requests kept in mind
	maxMoving  = 200
)

func newLoading() loading {
	return loading{pending: map[string]pendingRequest{}, moving: map[string]bool{}}
}

// begin notes a request. A redirect goes on under the same id.
func (l *loading) begin(event []byte, main bool) {
	address := cutMember(event, `"request":{"url":"`)
	if bytes.HasPrefix(address, []byte("data:")) || bytes.HasPrefix(address, []byte("blob:")) {
		return
	}
	l.begun++
	if len(l.pending) < maxPending {
		l.pending[string(requestID(event))] = pendingRequest{order: l.begun, url: shortURL(address), main: main}
	}
}

func (l *loading) finish(event []byte) { delete(l.pending, string(requestID(event))) }

// answer notes an answer that is an error. The request is not over yet.
func (l *loading) answer(event []byte) {
	address := cutMember(event, `"response":{"url":"`)
	if moves(event) && len(l.moving) < maxMoving {
		l.moving[unquote(string(address))] = true
	}
	_, rest, _ := bytes.Cut(event, []byte(`"response":{"url":"`))
	_, rest, _ = bytes.Cut(rest, []byte(`","status":`))
	status := 0
	for len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' && status < 1000 {
		status = status*10 + int(rest[0]-'0')
		rest = rest[1:]
	}
	if status >= 400 && !l.pending[string(requestID(event))].main {
		refused := bytes.Contains(rest, []byte(`"`+egress.RefusalHeader+`":`))
		l.fail(failedRequest{url: shortURL(address), status: status, refused: refused})
	}
}

// moves reports whether an answer is a picture in a format that may be
// animated.
func moves(event []byte) bool {
	_, rest, found := bytes.Cut(event, []byte(`"mimeType":"image/`))
	if !found {
		return false
	}
	for _, format := range []string{"gif", "webp", "apng", "avif", "png"} {
		if bytes.HasPrefix(rest, []byte(format+`"`)) {
			return true
		}
	}
	return false
}

// breakOff notes a request that has failed. One that the page gave up, or that
// we kept back, is no failure.
func (l *loading) breakOff(event []byte) {
	id := string(requestID(event))
	broken, known := l.pending[id]
	delete(l.pending, id)
	reason := string(cutMember(event, `"errorText":"`))
	if known && !broken.main && reason != "net::ERR_BLOCKED_BY_CLIENT" && !bytes.Contains(event, []byte(`"canceled":true`)) {
		l.fail(failedRequest{url: broken.url, err: reason})
	}
}

func (l *loading) fail(request failedRequest) {
	l.failed = append(l.failed, request)
	if extra := len(l.failed) - darkroom.MaxEvidenceEntries; extra > 0 {
		l.failed = append(l.failed[:0], l.failed[extra:]...)
	}
}

func requestID(event []byte) []byte { return cutMember(event, `"requestId":"`) }

// cutMember gives the text that follows a mark, up to its quote, without
// unpacking it.
func cutMember(event []byte, mark string) []byte {
	_, rest, _ := bytes.Cut(event, []byte(mark))
	for end := 0; end < len(rest); end++ {
		switch rest[end] {
		case '\\':
			end++
		case '"':
			return rest[:end]
		}
	}
	return nil
}

// shortURL keeps what evidence can show. A cut in the middle of an escape is
// mended when it is unpacked.
func shortURL(packed []byte) string {
	return string(packed[:min(len(packed), 2*darkroom.MaxEvidenceText)])
}

// unquote unpacks the inside of a JSON string that may have been cut.
func unquote(packed string) string {
	for cut := range min(len(packed), len(`\u0000`)) {
		var text string
		if json.Unmarshal([]byte(`"`+packed[:len(packed)-cut]+`"`), &text) == nil {
			return text
		}
	}
	return strings.ToValidUTF8(packed, "")
}
