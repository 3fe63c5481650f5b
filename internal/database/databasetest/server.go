package databasetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// owner is the user inside the database; the socket is the only way in.
const owner = "darkroom"

// hasty are the settings of tests: nothing needs to survive a loss of power.
// durable are those that a server has by itself.
const (
	durable = `
listen_addresses = ''
log_min_messages = fatal
`
	hasty = `
listen_addresses = ''
fsync = off
full_page_writes = off
max_connections = 300
shared_buffers = 64MB
max_wal_size = 256MB
log_min_messages = fatal
deadlock_timeout = 100ms
`
)

// script runs the server until its input ends, which it does with the process
// that holds the other end, and then removes everything. A line of the input
// ends the server by a signal, the next starts it again.
const script = `
set -e
"$1/initdb" --pgdata="$2/data" --username="$3" --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions >"$2/log" 2>&1
printf '%s' "$4" >>"$2/data/postgresql.conf"
start() { "$1/postgres" -D "$2/data" -k "$2" >>"$2/log" 2>&1 & server=$!; }
start "$@"
while read -r signal; do
	kill -"$signal" $server 2>/dev/null || true
	wait $server || true
	read -r go || break
	start "$@"
done
kill -QUIT $server 2>/dev/null || true
wait $server || true
rm -rf "$2"
`

func startServer(settings string) (*server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "darkroom-postgres-")
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(context.Background(), "sh", "-c", script, "sh", programs, folder, owner, settings)
	command.Dir = folder
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for the tests
	if os.Geteuid() == 0 {
		if command.SysProcAttr.Credential, err = giveAway(folder); err != nil {
			return nil, err
		}
	}
	// The pipe is closed by the end of this process, unless somebody does before.
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	one := &server{folder: folder, input: input, ended: make(chan error, 1)}
	go func() { one.ended <- command.Wait() }()
	return one, one.await()
}

// findPrograms gives the folder of initdb and postgres: Debian keeps them out of
// the path.
func findPrograms() (string, error) {
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.Reverse(folders) // the newest first
	for _, folder := range append(folders, filepath.SplitList(os.Getenv("PATH"))...) {
		if _, err := exec.LookPath(filepath.Join(folder, "initdb")); err == nil {
			return folder, nil
		}
	}
	return "", errors.New("initdb is not installed")
}

// giveAway lets an unprivileged user run the server: it refuses to be root.
func giveAway(folder string) (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(account.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(folder, int(uid), int(gid))
	}
	return nil, errors.New("there is no unprivileged user to run it")
}

// await waits until the server answers, or has ended.
func (s *server) await() error {
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := s.run(context.Background(), `SELECT 1`)
		if err == nil {
			return nil
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
			return fmt.Errorf("it has ended: %w: %s", err, bytes.TrimSpace(log))
		default:
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}
