package isolation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// probeTime is far more than a probe takes, some twenty milliseconds.
const probeTime = 10 * time.Second

// probe encloses a process that makes namespaces of its own inside, which a
// browser's sandbox must be able to do.
func probe(ctx context.Context, user *syscall.Credential) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, ownProgram)
	cmd.Args, cmd.Env, cmd.Dir, cmd.Stderr = []string{nestedName}, []string{}, "/", &said
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	enclosure, err := Enclose(cmd)
	if err != nil {
		return err
	}
	defer enclosure.Close()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("make a user and a network namespace: %w", err)
	}
	listener, err := enclosure.Listener(ctx)
	if err != nil {
		cancel()
		_ = cmd.Wait() // how it ended says less than err
		return err
	}
	if err := errors.Join(cmd.Wait(), listener.Close()); err != nil {
		return fmt.Errorf("make namespaces within the namespace, as the browser's sandbox does: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}
