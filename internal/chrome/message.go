package chrome

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// message is an answer (id is set) or an event (method is set).
type message struct {
	id      int64
	method  string
	session string
	body    []byte // result, params or error
	refused bool   // body is an error
	crashed bool   // there is no answer, because its target has crashed
	tooLong bool   // there is no answer, because it was longer than it may be
}

// parseMessage takes a message apart. Chromium always writes the members in
// one order, so the few that matter are found by their places, without reading
// through a picture of some megabytes. Whatever looks different is parsed in
// full.
func parseMessage(raw []byte) (message, bool) {
	if m, ok := parseFast(raw); ok {
		return m, true
	}
	return parseFull(raw)
}

const sessionIDLength = 32

func parseFast(raw []byte) (message, bool) {
	var m message
	rest, ok := bytes.CutSuffix(raw, []byte("}"))
	if !ok {
		return m, false
	}
	// A quote inside a text is escaped, so this can only be a member; inside a
	// nested object a second brace would follow.
	if body, ok := bytes.CutSuffix(rest, []byte(`"`)); ok {
		at := len(body) - sessionIDLength
		head, found := bytes.CutSuffix(body[:max(at, 0)], []byte(`,"sessionId":"`))
		if !found {
			return m, false
		}
		m.session, rest = string(body[at:]), head
		if !plainName(body[at:]) {
			return m, false
		}
	}
	if after, ok := bytes.CutPrefix(rest, []byte(`{"method":"`)); ok {
		end := bytes.IndexByte(after, '"')
		if end < 0 {
			return m, false
		}
		m.method = string(after[:end])
		m.body, ok = bytes.CutPrefix(after[end:], []byte(`","params":`))
		return m, ok && plainName(after[:end]) && wholeObject(m.body)
	}
	after, ok := bytes.CutPrefix(rest, []byte(`{"id":`))
	for ok && len(after) > 0 && after[0] >= '0' && after[0] <= '9' {
		m.id = m.id*10 + int64(after[0]-'0')
		after = after[1:]
	}
	m.body, ok = bytes.CutPrefix(after, []byte(`,"result":`))
	return m, ok && wholeObject(m.body)
}

// plainName says whether the text stands for itself: an escape or a byte that
// is no text means something else than it says.
func plainName(text []byte) bool {
	for _, b := range text {
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		digit := b >= '0' && b <= '9'
		if !letter && !digit && b != '.' {
			return false
		}
	}
	return true
}

func wholeObject(body []byte) bool {
	return len(body) >= 2 && body[0] == '{' && body[len(body)-1] == '}'
}

func parseFull(raw []byte) (message, bool) {
	var parsed struct {
		ID      int64        `json:"id"`
		Method  string       `json:"method"`
		Session string       `json:"sessionId"`
		Params  jsonv2.Value `json:"params"`
		Result  jsonv2.Value `json:"result"`
		Error   jsonv2.Value `json:"error"`
	}
	if err := jsonv2.Unmarshal(raw, &parsed, jsonv2.AllowInvalidUTF8(true)); err != nil {
		return message{}, false
	}
	m := message{id: parsed.ID, method: parsed.Method, session: parsed.Session, body: parsed.Params}
	switch {
	case parsed.Error != nil:
		m.body, m.refused = parsed.Error, true
	case parsed.ID != 0:
		m.body = parsed.Result
	}
	return m, m.id != 0 || m.method != ""
}

func (m message) result(method string) ([]byte, error) {
	switch {
	case m.crashed:
		return nil, fmt.Errorf("%s: %w", method, errCrashed)
	case m.tooLong:
		return nil, fmt.Errorf("%s: %w", method, errTooLong)
	case !m.refused:
		return m.body, nil
	}
	refusal := &protocolError{method: method}
	if err := jsonv2.Unmarshal(m.body, refusal, jsonv2.AllowInvalidUTF8(true)); err != nil {
		return nil, fmt.Errorf("%s: read the refusal: %w", method, err)
	}
	return nil, refusal
}

// into reads the parameters of an event; false when they are not what was
// expected.
func (m message) into(params any) bool {
	return jsonv2.Unmarshal(m.body, params, jsonv2.AllowInvalidUTF8(true)) == nil
}

// pictureIn gives the bytes of the picture in a result {"data":"<base64>"}.
func pictureIn(result []byte) ([]byte, error) {
	_, rest, found := bytes.Cut(result, []byte(`"data":"`))
	end := bytes.IndexByte(rest, '"')
	if !found || end < 0 {
		return nil, fmt.Errorf("the browser's answer holds no picture")
	}
	image := make([]byte, base64.StdEncoding.DecodedLen(end))
	n, err := base64.StdEncoding.Decode(image, rest[:end])
	if err != nil {
		return nil, fmt.Errorf("decode the picture: %w", err)
	}
	if n == 0 {
		return nil, fmt.Errorf("the browser's picture is empty")
	}
	return image[:n], nil
}
