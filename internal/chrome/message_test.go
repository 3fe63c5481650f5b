package chrome

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

const sessionID = "0123456789ABCDEF0123456789ABCDEF"

func TestMessages(t *testing.T) {
	for _, row := range []struct {
		name, raw string
		want      message
	}{
		{"answer", `{"id":7,"result":{"a":1}}`, message{id: 7, body: []byte(`{"a":1}`)}},
		{"answer of a session", `{"id":7,"result":{},"sessionId":"` + sessionID + `"}`, message{id: 7, session: sessionID, body: []byte(`{}`)}},
		{"event", `{"method":"Page.x","params":{"b":"}"}}`, message{method: "Page.x", body: []byte(`{"b":"}"}`)}},
		{"event of a session", `{"method":"Page.x","params":{},"sessionId":"` + sessionID + `"}`, message{method: "Page.x", session: sessionID, body: []byte(`{}`)}},
		{
			"event about a session", `{"method":"Target.attachedToTarget","params":{"sessionId":"` + sessionID + `"}}`,
			message{method: "Target.attachedToTarget", body: []byte(`{"sessionId":"` + sessionID + `"}`)},
		},
		{
			"text that looks like a member", `{"method":"Page.x","params":{"url":",\"sessionId\":\"` + sessionID + `"}}`,
			message{method: "Page.x", body: []byte(`{"url":",\"sessionId\":\"` + sessionID + `"}`)},
		},
		{"refusal", `{"id":7,"error":{"code":-32000,"message":"no"}}`, message{id: 7, refused: true, body: []byte(`{"code":-32000,"message":"no"}`)}},
		{"method with an escape", `{"method":"Page.\u0078","params":{}}`, message{method: "Page.x", body: []byte(`{}`)}},
		{"method that is no text", "{\"method\":\"\xea\",\"params\":{}}", message{method: "\uFFFD", body: []byte(`{}`)}},
		{"another order", `{"sessionId":"x","result":{},"id":7}`, message{id: 7, session: "x", body: []byte(`{}`)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, ok := parseMessage([]byte(row.raw))
			if !ok || got.id != row.want.id || got.method != row.want.method || got.session != row.want.session ||
				got.refused != row.want.refused || !bytes.Equal(got.body, row.want.body) {
				t.Errorf("%s is read as %+v (body %s)", row.raw, got, got.body)
			}
		})
	}
	for _, raw := range []string{"", "{", "null", "[]", "{}", `{"id":`, `"x"`, `{"id":"x","result":{}}`} {
		if got, ok := parseMessage([]byte(raw)); ok {
			t.Errorf("%q is read as %+v", raw, got)
		}
	}
}

// FuzzMessage compares the quick way of reading with the thorough one.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"id":7,"result":{"data":"aGVsbG8="},"sessionId":"` + sessionID + `"}`))
	f.Add([]byte(`{"method":"Page.x","params":{"sessionId":"` + sessionID + `"}}`))
	f.Add([]byte(`{"id":1,"result":{}}`))
	f.Add([]byte("{\"method\":\"\xea\",\"params\":{}}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		full, ok := parseFull(raw)
		fast, quick := parseFast(raw)
		if !ok || !quick {
			return
		}
		if fast.id != full.id || fast.method != full.method || fast.session != full.session || !bytes.Equal(fast.body, full.body) {
			t.Errorf("%q: quick %+v, thorough %+v", raw, fast, full)
		}
	})
}

func TestPictureInAnAnswer(t *testing.T) {
	if got, err := pictureIn([]byte(`{"data":"aGVsbG8="}`)); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{`{}`, `{"data":""}`, `{"data":"aGVsbG8=`, `{"data":"***"}`} {
		if got, err := pictureIn([]byte(bad)); err == nil {
			t.Errorf("%s gave %q", bad, got)
		}
	}
}

func TestLongMessages(t *testing.T) {
	long := strings.Repeat("x", 300_000)
	reader := bufio.NewReaderSize(strings.NewReader("short\x00"+long+"\x00last\x00cut"), 64<<10)
	for _, want := range []string{"short", long, "last"} {
		got, whole, err := readMessage(reader, unlimited)
		if err != nil || !whole || string(got) != want {
			t.Fatalf("got %d bytes, %v; want %d", len(got), err, len(want))
		}
	}
	if _, _, err := readMessage(reader, unlimited); err == nil {
		t.Error("a message without an end was read")
	}
}

func unlimited([]byte) int { return maxPicture }

// A page decides how long events and results of scripts are. What is too long
// is not kept, and what comes after it is read.
func TestMessagesThatAreTooLong(t *testing.T) {
	c, commands, answers := playedBrowser(t)
	heard := make(chan string, 2)
	c.listen("", func(m message) { heard <- m.method })
	result, picture := c.send("", "Runtime.evaluate", struct{}{}), c.send("", "Page.captureScreenshot", struct{}{})
	for range 2 {
		if _, err := commands.ReadString(0); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Repeat("x", maxMessage)
	answer(t, answers, `{"method":"Runtime.consoleAPICalled","params":{"text":"`+long+`"}}`)
	answer(t, answers, `{"id":1,"result":{"text":"`+long+`"}}`)
	answer(t, answers, `{"id":2,"result":{"data":"`+long+`"}}`)
	answer(t, answers, `{"method":"C.c","params":{}}`)
	if _, err := result.wait(t.Context()); !errors.Is(err, errTooLong) {
		t.Errorf("the script's result: %v", err)
	}
	if got, err := picture.wait(t.Context()); err != nil || len(got) != len(long)+len(`{"data":""}`) {
		t.Errorf("the picture has %d bytes, %v", len(got), err)
	}
	if got := <-heard; got != "C.c" {
		t.Errorf("heard %s", got)
	}
	if err := errors.Join(answers.Close(), c.close()); err != nil {
		t.Error(err)
	}
}

// TestConnection talks to a browser that is played by the test.
func TestConnection(t *testing.T) {
	c, commands, answers := playedBrowser(t)
	first := c.send("", "A.a", struct{}{})
	second := c.send("", "B.b", map[string]int{"x": 1})
	for _, want := range []string{`{"id":1,"method":"A.a","params":{}}`, `{"id":2,"method":"B.b","params":{"x":1}}`} {
		got, err := commands.ReadString(0)
		if err != nil || strings.TrimRight(got, "\x00") != want {
			t.Fatalf("the browser got %q, %v", got, err)
		}
	}
	heard := make(chan string, 1)
	c.listen("", func(m message) { heard <- m.method })
	answer(t, answers, `{"id":2,"error":{"code":-1,"message":"no"}}`)
	answer(t, answers, `{"method":"C.c","params":{}}`)
	answer(t, answers, `{"id":99,"result":{}}`)
	answer(t, answers, `{"id":1,"result":{"ok":true}}`)
	if got, err := first.wait(t.Context()); err != nil || string(got) != `{"ok":true}` {
		t.Errorf("A.a gave %s, %v", got, err)
	}
	if _, err := second.wait(t.Context()); err == nil || !strings.Contains(err.Error(), "B.b: no (-1)") {
		t.Errorf("B.b gave %v", err)
	}
	if got := <-heard; got != "C.c" {
		t.Errorf("heard %s", got)
	}
	third := c.send("", "D.d", struct{}{})
	if err := answers.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := third.wait(t.Context()); !errors.Is(err, errBrowserGone) {
		t.Errorf("after the end: %v", err)
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
	if _, err := c.send("", "E.e", struct{}{}).wait(t.Context()); !errors.Is(err, errBrowserGone) {
		t.Errorf("after closing: %v", err)
	}
}

func playedBrowser(t *testing.T) (c *conn, commands *bufio.Reader, answers *os.File) {
	t.Helper()
	fromUs, toBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromBrowser, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fromUs.Close(); _ = answers.Close() })
	return newConn(toBrowser, fromBrowser), bufio.NewReader(fromUs), answers
}

func answer(t *testing.T, answers *os.File, text string) {
	t.Helper()
	if _, err := answers.WriteString(text + "\x00"); err != nil {
		t.Fatal(err)
	}
}
