package isolation

import (
	"context"
	"fmt"
	"syscall"
)

// Mode is what an operator asks for.
type Mode string

// The modes. The empty one is Off, because a program that does not call Main
// cannot isolate anything.
const (
	Off      Mode = "off"
	Auto     Mode = "auto"     // where it works
	Required Mode = "required" // or not at all
)

// State is what is in force.
type State struct {
	On     bool
	Reason string // why not, when it is not
}

// String is "namespace", or "none" with the reason.
func (s State) String() string {
	if s.On {
		return "namespace"
	}
	return "none: " + s.Reason
}

// Fault is why Required cannot be had.
type Fault struct{ Err error }

// Error says what was tried and what the system answered.
func (f *Fault) Error() string {
	return fmt.Sprintf("the browser cannot be isolated in a namespace, which is required: %v", f.Err)
}

// Unwrap gives what the system answered.
func (f *Fault) Unwrap() error { return f.Err }

// Hint says what to do.
func (f *Fault) Hint() string { return Advice + "; or do without: --isolation auto" }

// Advice is how an operator makes isolation work.
const Advice = "permit unprivileged user namespaces: in a container by a seccomp profile (docs/security.md), " +
	"else sysctl -w user.max_user_namespaces=16384 and, where there is one, kernel.apparmor_restrict_unprivileged_userns=0"

// Resolve tries out whether isolation works for a user, nil for the one that
// this process has, and says what is in force then. The error is a *Fault, and
// comes in the mode Required only.
func Resolve(ctx context.Context, mode Mode, user *syscall.Credential) (State, error) {
	return resolve(mode, func() error { return probe(ctx, user) })
}

func resolve(mode Mode, try func() error) (State, error) {
	if mode != Auto && mode != Required {
		return State{Reason: "switched off"}, nil
	}
	err := try()
	switch {
	case err == nil:
		return State{On: true}, nil
	case mode == Required:
		return State{}, &Fault{err}
	}
	return State{Reason: err.Error()}, nil
}
