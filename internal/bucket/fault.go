package bucket

import (
	"errors"
	"fmt"
	"io/fs"

	"gocloud.dev/gcerrors"
)

// Fault is a condition of an object store that a person must mend.
type Fault struct {
	Place  string
	reason string
	hint   string
	Err    error
}

// Error says what is wrong with which bucket.
func (f *Fault) Error() string { return fmt.Sprintf("the bucket %s %s: %v", f.Place, f.reason, f.Err) }

// Unwrap gives the store's error.
func (f *Fault) Unwrap() error { return f.Err }

// Message is one sentence, without the store's own words.
func (f *Fault) Message() string { return "The bucket " + f.Place + " " + f.reason }

// Hint says what to do.
func (f *Fault) Hint() string { return f.hint }

// explain recognises what a person must mend. What may pass by itself is one too
// when it has lasted through every try.
func (s *store) explain(err error) error {
	if err == nil {
		return nil
	}
	fault := &Fault{Place: s.name, Err: err}
	code := gcerrors.Code(err)
	if errors.Is(err, fs.ErrPermission) { // what Check makes of a bucket that is not there
		code = gcerrors.NotFound
	}
	switch code {
	case gcerrors.NotFound:
		fault.reason, fault.hint = "is not there", "Make the bucket, or correct bucket-url"
	case gcerrors.PermissionDenied:
		fault.reason, fault.hint = "does not let this program in", "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what they may do: list, read, write and delete"
	case gcerrors.FailedPrecondition, gcerrors.Canceled:
		return err
	default:
		fault.reason, fault.hint = "does not answer as it should", "Check the endpoint and the region in bucket-url, and the object store"
	}
	return fault
}
