package chrome

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// conn speaks the DevTools protocol over the browser's two pipes: messages of
// JSON, each ended by a zero byte. It may be used from several goroutines.
type conn struct {
	in   *os.File // commands
	out  *os.File // answers and events
	done chan struct{}

	writing sync.Mutex

	mu        sync.Mutex
	last      int64
	waiting   map[int64]*pending
	listeners map[string]func(message) // by session
	crashed   map[string]bool          // sessions whose target has crashed, while somebody listens
}

// errBrowserGone is what every call fails with once the browser has ended.
var errBrowserGone = errors.New("the browser has ended")

// protocolError is the browser's refusal of one command.
type protocolError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	method  string
}

func (e *protocolError) Error() string {
	return fmt.Sprintf("%s: %s (%d)", e.method, e.Message, e.Code)
}

func newConn(in, out *os.File) *conn {
	c := &conn{
		in: in, out: out, done: make(chan struct{}),
		waiting: map[int64]*pending{}, listeners: map[string]func(message){}, crashed: map[string]bool{},
	}
	go c.read()
	return c
}

// close returns when the reading has ended.
func (c *conn) close() error {
	err := errors.Join(c.in.Close(), c.out.Close())
	<-c.done
	if err != nil {
		return fmt.Errorf("close the pipes to the browser: %w", err)
	}
	return nil
}

// listen has every event of a session handed to listener, one after the other,
// in the order of their arrival. It must not wait for anything: nothing else
// is read meanwhile. nil ends it.
func (c *conn) listen(session string, listener func(message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if listener == nil {
		delete(c.listeners, session)
		delete(c.crashed, session)
		return
	}
	c.listeners[session] = listener
}

func (c *conn) read() {
	defer close(c.done)
	reader := bufio.NewReaderSize(c.out, 256<<10)
	for {
		raw, whole, err := readMessage(reader, c.limitOf)
		if err != nil {
			return
		}
		if !whole {
			c.giveUp(raw)
			continue
		}
		if parsed, ok := parseMessage(raw); ok {
			c.dispatch(parsed)
		}
	}
}

func (c *conn) dispatch(m message) {
	c.mu.Lock()
	if m.id == 0 {
		listener := c.listeners[m.session]
		c.mu.Unlock()
		if listener != nil {
			listener(m)
		}
		return
	}
	asked, ok := c.waiting[m.id]
	delete(c.waiting, m.id)
	c.mu.Unlock()
	if ok {
		m.body = append([]byte(nil), m.body...)
		asked.answer <- m
	}
}

// giveUp ends what waits for an answer that was longer than it may be. An event
// of that kind is left out.
func (c *conn) giveUp(head []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := leadingID(head)
	if asked, ok := c.waiting[id]; ok {
		delete(c.waiting, id)
		asked.answer <- message{id: id, tooLong: true}
	}
}

// crash ends what waits for an answer of a session, now and from now on: a
// target that has crashed gives none.
func (c *conn) crash(session string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.crashed[session] = true
	for id, asked := range c.waiting {
		if asked.session == session {
			delete(c.waiting, id)
			asked.answer <- message{id: id, crashed: true}
		}
	}
}

// pending is a command whose answer has not been looked at yet.
type pending struct {
	conn    *conn
	id      int64
	session string
	method  string
	answer  chan message
	err     error
}

// send writes a command. A failure shows when the answer is waited for.
func (c *conn) send(session, method string, params any) *pending {
	p := &pending{conn: c, session: session, method: method, answer: make(chan message, 1)}
	c.mu.Lock()
	if c.crashed[session] {
		c.mu.Unlock()
		p.err = fmt.Errorf("%s: %w", method, errCrashed)
		return p
	}
	c.last++
	p.id = c.last
	c.waiting[p.id] = p
	c.mu.Unlock()
	if p.err = c.write(p.id, session, method, params); p.err != nil {
		p.forget()
	}
	return p
}

func (c *conn) write(id int64, session, method string, params any) error {
	command := struct {
		ID      int64  `json:"id"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
		Session string `json:"sessionId,omitempty"`
	}{id, method, params, session}
	raw, err := jsonv2.Marshal(command, jsonv2.AllowInvalidUTF8(true))
	if err != nil {
		return fmt.Errorf("%s: encode: %w", method, err)
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if _, err := c.in.Write(append(raw, 0)); err != nil {
		return fmt.Errorf("%s: %w", method, errBrowserGone)
	}
	return nil
}

func (p *pending) forget() {
	p.conn.mu.Lock()
	defer p.conn.mu.Unlock()
	delete(p.conn.waiting, p.id)
}

// wait gives the raw result.
func (p *pending) wait(ctx context.Context) ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	select {
	case m := <-p.answer:
		return m.result(p.method)
	case <-p.conn.done:
	case <-ctx.Done():
		p.forget()
		return nil, fmt.Errorf("%s: %w", p.method, ctx.Err())
	}
	select {
	case m := <-p.answer: // it came with the last bytes
		return m.result(p.method)
	default:
		return nil, fmt.Errorf("%s: %w", p.method, errBrowserGone)
	}
}

// session is one attachment to a target; the empty id is the browser itself.
type session struct {
	conn *conn
	id   string
}

func (c *conn) browser() session { return session{conn: c} }

// awake returns when the browser has answered for the first time.
func (s session) awake(ctx context.Context) error {
	_, err := s.conn.send(s.id, "Browser.getVersion", struct{}{}).wait(ctx)
	return err
}

// post sends a command whose answer may be waited for, or not.
func post[P, R any](s session, command cdp.Command[P, R], params P) *pending {
	return s.conn.send(s.id, command.Method, params)
}

// call sends a command and waits for its result.
func call[P, R any](ctx context.Context, s session, command cdp.Command[P, R], params P) (R, error) {
	return receive[R](ctx, post(s, command, params))
}

// receive waits for the result of a command that was sent.
func receive[R any](ctx context.Context, sent *pending) (result R, err error) {
	raw, err := sent.wait(ctx)
	if err != nil {
		return result, err
	}
	if err := jsonv2.Unmarshal(raw, &result, jsonv2.AllowInvalidUTF8(true)); err != nil && !errors.Is(err, io.EOF) {
		return result, fmt.Errorf("%s: read the answer: %w", sent.method, err)
	}
	return result, nil
}

// answered reports whether wait would return at once with what the browser
// said.
func (p *pending) answered() bool { return len(p.answer) > 0 }

// waitAll waits for several commands and gives the first error.
func waitAll(ctx context.Context, commands ...*pending) error {
	for _, command := range commands {
		if _, err := command.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}
