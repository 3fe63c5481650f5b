package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"darkroom"
)

// errIdle is why a connection was closed on which nothing moved.
var errIdle = errors.New("nothing was sent or received for too long")

// classifyError makes the error of a connection one of the codes of a failed
// capture. ctx tells whose patience ended.
func classifyError(ctx context.Context, target target, err error) *darkroom.Error {
	if known, ok := errors.AsType[*darkroom.Error](err); ok {
		return known
	}
	host := quote(target.String())
	code, message := darkroom.CodeInternal, host+" could not be reached"
	switch {
	case errors.Is(err, context.Canceled), errors.Is(ctx.Err(), context.Canceled):
		code, message = darkroom.CodeCancelled, "the connection to "+host+" was given up"
	case errors.Is(err, errIdle), isTimeout(err):
		code, message = darkroom.CodeTimeout, host+" did not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		code, message = darkroom.CodeConnectionRefused, host+" refused the connection"
	case isUnreachable(err):
		code, message = darkroom.CodeConnectionRefused, "there is no route to "+host
	case strings.Contains(err.Error(), "server response headers exceeded"):
		code, message = darkroom.CodeTooLarge, host+" answered with headers that are too large"
	case isReset(err):
		code, message = darkroom.CodeConnectionReset, host+" closed the connection too early"
	case isNoHTTP(err):
		code, message = darkroom.CodeConnectionReset, host+" did not answer as a web server does"
	}
	return &darkroom.Error{Code: code, Message: message, Err: fmt.Errorf("reach %s: %w", target, err)}
}

func isTimeout(err error) bool {
	network, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, syscall.ETIMEDOUT) || ok && network.Timeout()
}

func isUnreachable(err error) bool {
	return errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) ||
		errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

// isNoHTTP tells an answer that net/http refuses to read; it exports no values
// for those.
func isNoHTTP(err error) bool {
	text := err.Error()
	return strings.Contains(text, "malformed ") || strings.Contains(text, "HTTP/1.x transport connection broken") ||
		strings.Contains(text, "bad Content-Length") || strings.Contains(text, "unsupported transfer encoding")
}

// isReset includes what net/http makes of a server that hangs up; it exports
// no value for it.
func isReset(err error) bool {
	for _, known := range []error{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, known) {
			return true
		}
	}
	return strings.Contains(err.Error(), "server closed idle connection")
}
