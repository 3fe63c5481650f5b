package database

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// Reason is why the database cannot be used.
type Reason string

// The reasons a Fault may have.
const (
	Damaged     Reason = "damaged"      // not a database, or its pages contradict each other
	TooNew      Reason = "too_new"      // its tables were made by a later version of the program
	Full        Reason = "full"         // no space left for it
	NotWritable Reason = "not_writable" // the file or its folder may not be written
	Failing     Reason = "failing"      // the disk reports errors
	Busy        Reason = "busy"         // another process held it for too long
)

// Fault is a condition of the database that a person must mend.
type Fault struct {
	Reason Reason
	File   string
	Err    error
}

// Error says what is wrong with which file.
func (f *Fault) Error() string {
	return fmt.Sprintf("database %s %s: %v", f.File, f.sentence(), f.Err)
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
	default:
		return "cannot be read from or written to the disk"
	}
}

// Hint says what to do.
func (f *Fault) Hint() string {
	switch f.Reason {
	case Damaged:
		return "Restore " + f.File + " from a backup, or move it and its -wal and -shm files away to begin with an empty one"
	case TooNew:
		return "Start the newer version, or restore a backup from before the upgrade"
	case Full:
		return "Free some space on the disk of " + f.File
	case NotWritable:
		return "Let the user who runs the program write " + f.File + " and its folder"
	case Busy:
		return "Stop the other process that uses " + f.File
	default:
		return "Check the disk of " + f.File
	}
}

// fault recognises the conditions that a person must mend and gives every
// other error back as it is.
func (db *DB) fault(err error) error {
	if already, ok := errors.AsType[*Fault](err); ok && already != nil {
		return err
	}
	driverErr, ok := errors.AsType[*sqlite.Error](err)
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
	return &Fault{Reason: reason, File: db.file, Err: err}
}
