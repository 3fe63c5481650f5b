package chrometest

import (
	"bufio"
	"context"
	"crypto/sha1" // the WebSocket handshake (RFC 6455) asks for it
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"darkroom"
)

// hostileWire break HTTP itself.
func hostileWire() []HostilePage {
	patiently := within(patient)
	reset, large := ends(darkroom.CodeConnectionReset), ends(darkroom.CodeTooLarge)
	return []HostilePage{
		{Name: "closes at once", Path: "/reset", Options: patiently, Codes: reset},
		{Name: "resets at once", Path: "/hostile/rst", Options: patiently, Codes: reset, handler: raw(func(_ context.Context, c *net.TCPConn) { _ = c.SetLinger(0) })},
		{Name: "breaks off in mid page", Path: "/broken", Options: patiently, Codes: reset},
		{Name: "resets in mid page", Path: "/hostile/rst-later", Options: patiently, Codes: reset, handler: says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n<p>half", rst)},
		{Name: "takes the request and says nothing", Path: "/hostile/silent", Options: within(soon), Codes: ends(darkroom.CodeTimeout), handler: says("", hold)},
		{Name: "one byte of a header now and then", Path: "/hostile/slow-header", Options: within(soon), Codes: ends(darkroom.CodeTimeout), handler: raw(dripHeader)},
		{Name: "no end of interim answers", Path: "/hostile/interim", Options: within(soon), Codes: ends(darkroom.CodeTimeout), handler: raw(interim)},
		{Name: "header of 1 MB", Path: "/hostile/header-long", Options: patiently, Codes: large, handler: says("HTTP/1.1 200 OK\r\nX-Long: "+strings.Repeat("x", 1<<20)+"\r\nContent-Length: 0\r\n\r\n", nil)},
		{Name: "10,000 headers", Path: "/hostile/header-many", Options: patiently, Codes: large, handler: says("HTTP/1.1 200 OK\r\n"+strings.Repeat("X-Many: 0123456789\r\n", 10_000)+"Content-Length: 0\r\n\r\n", nil)},
		{Name: "header without end", Path: "/hostile/header-endless", Options: patiently, Codes: large, handler: raw(endlessHeader)},
		{Name: "chunks that are none", Path: "/hostile/bad-chunks", Options: patiently, Codes: reset, handler: says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<p>ab\r\nzz\r\nnonsense\r\n", nil)},
		{Name: "a chunk of 2^63 bytes", Path: "/hostile/huge-chunk", Options: patiently, Codes: reset, handler: says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n<p>x", nil)},
		{Name: "two lengths", Path: "/hostile/two-lengths", Options: patiently, Codes: reset, handler: says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n<p>abc", nil)},
		{Name: "less than it says", Path: "/hostile/too-short", Options: patiently, Codes: reset, handler: says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<p>x", nil)},
		{Name: "no HTTP at all", Path: "/hostile/garbage", Options: patiently, Codes: reset, handler: says("\x00\xff\x16\x03\x01 what is this\r\n\r\n", nil)},
		{Name: "switches protocols unasked", Path: "/hostile/switches", Options: patiently, Codes: reset, handler: says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", hold)},
		{Name: "2,000 cookies of its own", Path: "/hostile/set-cookies", Options: patiently, handler: says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"+strings.Repeat("Set-Cookie: a=b\r\n", 2000)+"Connection: close\r\n\r\n"+pageHead+green, nil)},
		{Name: "says that it is packed and is not", Path: "/odd/bad-gzip", Options: patiently, Codes: ends(darkroom.CodeUnsupportedContent)},
	}
}

// raw takes the connection over, and closes it in the end.
func raw(speak func(context.Context, *net.TCPConn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		taken, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer func() { _ = taken.Close() }()
		plain, ok := taken.(*net.TCPConn)
		if !ok {
			return
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		defer cancel()
		go func() { // whoever hangs up ends it
			defer cancel()
			_, _ = io.Copy(io.Discard, buffered)
		}()
		speak(ctx, plain)
	}
}

func says(text string, then func(context.Context, *net.TCPConn)) http.HandlerFunc {
	return raw(func(ctx context.Context, c *net.TCPConn) {
		if _, err := io.WriteString(c, text); err == nil && then != nil {
			then(ctx, c)
		}
	})
}

func hold(ctx context.Context, _ *net.TCPConn) { <-ctx.Done() }

// rst gives what was written the time to arrive, then resets.
func rst(ctx context.Context, c *net.TCPConn) {
	rest(ctx, 200*time.Millisecond)
	_ = c.SetLinger(0)
}

// rest reports whether that time has passed before the end.
func rest(ctx context.Context, wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

func dripHeader(ctx context.Context, c *net.TCPConn) {
	text := "HTTP/1.1 200 OK\r\nX-Slow: " + strings.Repeat("x", 1000)
	for i := 0; rest(ctx, 500*time.Millisecond); i++ {
		if _, err := c.Write([]byte{text[i%len(text)]}); err != nil {
			return
		}
	}
}

func interim(ctx context.Context, c *net.TCPConn) {
	for rest(ctx, time.Millisecond) {
		if _, err := io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"); err != nil {
			return
		}
	}
}

func endlessHeader(ctx context.Context, c *net.TCPConn) {
	out := bufio.NewWriter(c)
	if _, err := out.WriteString("HTTP/1.1 200 OK\r\n"); err != nil {
		return
	}
	for i := 0; ctx.Err() == nil; i++ {
		if _, err := fmt.Fprintf(out, "X-%d: %s\r\n", i, strings.Repeat("x", 100)); err != nil {
			return
		}
	}
}

// socket accepts a WebSocket and never says anything.
func socket(w http.ResponseWriter, r *http.Request) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n", hold)(w, r)
}
