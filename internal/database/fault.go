package database

import (
	"errors"
	"fmt"

	sqlitedriver "modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// Reason is why the database cannot be used.
type Reason string

// The reasons a Fault may have.
const (
	Damaged     Reason = "damaged"      // not a database, or its pages contradict each other
	TooNew      Reason = "too_new"      // its tables were made by a later version of the program
	Full        Reason = "full"         // no space left for it
	NotWritable Reason = "not_writable" // the file or its folder may not be written, or the server is a standby
	Failing     Reason = "failing"      // the disk reports errors
	Busy        Reason = "busy"         // another process held it for too long, or has every connection
	Unreachable Reason = "unreachable"  // the server does not answer
	Refused     Reason = "refused"      // the server does not let this user in, or knows no such database
)

// Fault is a condition of the database that a person must mend.
type Fault struct {
	Reason Reason
	Place  string // file, or host:port/name
	Shared bool   // it is on a server
	Err    error
}

// Error says what is wrong with which database.
func (f *Fault) Error() string {
	return fmt.Sprintf("database %s %s: %v", f.Place, f.sentence(), f.Err)
}

// Unwrap gives the driver's error.
func (f *Fault) Unwrap() error { return f.Err }

// Message is one sentence, without the driver's own words.
func (f *Fault) Message() string { return "The database " + f.sentence() }

func (f *Fault) sentence() string {
	switch f.Reason {
	case Damaged:
		return "is damaged"
	case TooNew:
		return "was made by a newer version of the program"
	case Full:
		return "has no space left"
	case NotWritable:
		return "may not be written"
	case Busy:
		return "is held by another process"
	case Unreachable:
		return "cannot be reached"
	case Refused:
		return "does not let this program in"
	default:
		return "cannot be read from or written to the disk"
	}
}

// Hint says what to do.
func (f *Fault) Hint() string {
	if f.Shared {
		return f.hintOfServer()
	}
	switch f.Reason {
	case Damaged:
		return "Restore " + f.Place + " from a backup, or move it and its -wal and -shm files away to begin with an empty one"
	case TooNew:
		return "Start the newer version, or restore a backup from before the upgrade"
	case Full:
		return "Free some space on the disk of " + f.Place
	case NotWritable:
		return "Let the user who runs the program write " + f.Place + " and its folder"
	case Busy:
		return "Stop the other process that uses " + f.Place
	default:
		return "Check the disk of " + f.Place
	}
}

func (f *Fault) hintOfServer() string {
	switch f.Reason {
	case TooNew:
		return "Start the newer version, or restore a backup from before the upgrade"
	case Full:
		return "Free some space on the disk of the database server"
	case NotWritable:
		return "Let database-url name the primary server, and a user who may write"
	case Busy:
		return "Raise max_connections of the server, or give each instance fewer with pool_max_conns in database-url"
	case Unreachable:
		return "Check that the PostgreSQL server of " + f.Place + " runs, and that database-url names it"
	case Refused:
		return "Check the user, the password and the name of the database in database-url"
	default:
		return "Check the database server of " + f.Place + ", its log and its disk"
	}
}

// fault recognises the conditions that a person must mend and gives every
// other error back as it is.
func (db *sqlite) fault(err error) error {
	if already, ok := errors.AsType[*Fault](err); ok && already != nil {
		return err
	}
	driverErr, ok := errors.AsType[*sqlitedriver.Error](err)
	if !ok {
		return err
	}
	reasons := map[int]Reason{
		sqlitelib.SQLITE_CORRUPT:  Damaged,
		sqlitelib.SQLITE_NOTADB:   Damaged,
		sqlitelib.SQLITE_FULL:     Full,
		sqlitelib.SQLITE_READONLY: NotWritable,
		sqlitelib.SQLITE_CANTOPEN: NotWritable,
		sqlitelib.SQLITE_PERM:     NotWritable,
		sqlitelib.SQLITE_IOERR:    Failing,
		sqlitelib.SQLITE_BUSY:     Busy,
	}
	const primary = 0xff // the rest of the code is a detail
	reason, known := reasons[driverErr.Code()&primary]
	if !known {
		return err
	}
	return &Fault{Reason: reason, Place: db.file, Err: err}
}
