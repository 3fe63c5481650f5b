package database

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

// What PostgreSQL calls the ends of a transaction that would go well if it were
// run again.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	idleForTooLong       = "25P03" // this process stood still
)

func worthAnotherTry(err error) bool {
	if errors.Is(err, ErrOvertaken) || pgconn.SafeToRetry(err) {
		return true
	}
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{serializationFailure, deadlockDetected, idleForTooLong}, refusal.Code)
}

// fault recognises the conditions that a person must mend and gives every
// other error back as it is.
func (db *postgres) fault(err error) error {
	if already, ok := errors.AsType[*Fault](err); err == nil || ok && already != nil {
		return err
	}
	reason := Reason("")
	if refusal, ok := errors.AsType[*pgconn.PgError](err); ok {
		reason = reasonOf(refusal.Code)
	} else if unreachable(err) {
		reason = Unreachable
	}
	if reason == "" {
		return err
	}
	return &Fault{Reason: reason, Place: db.place, Shared: true, Err: err}
}

func reasonOf(code string) Reason {
	if reason, known := map[string]Reason{
		"25006": NotWritable, // read-only transaction: a standby
		"42501": NotWritable, // insufficient privilege
		"3D000": Refused,     // no such database
		"53100": Full,
		"53300": Busy,        // too many connections
		"57P01": Unreachable, // the server is being stopped
		"57P02": Unreachable, // it has crashed
		"57P03": Unreachable, // it is starting
		"58030": Failing,
		"XX001": Damaged,
		"XX002": Damaged,
	}[code]; known {
		return reason
	}
	switch code[:min(2, len(code))] {
	case "08":
		return Unreachable
	case "28":
		return Refused
	}
	return ""
}

func unreachable(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	if connect, ok := errors.AsType[*pgconn.ConnectError](err); ok && connect != nil {
		return true
	}
	network, ok := errors.AsType[net.Error](err)
	return ok && network != nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed)
}
