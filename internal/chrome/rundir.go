package chrome

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// runDir holds one folder per running browser, and in it the record by which
// the next server knows what to kill and remove should this one die.
type runDir struct {
	path  string // of the folders; not the configured one when the browser's user cannot go there
	asked string // as configured
	user  account
}

const (
	recordName = "pid"
	folderName = "browser-"
)

func openRunDir(ctx context.Context, asked string, log *slog.Logger) (*runDir, error) {
	asked, err := filepath.Abs(asked)
	if err != nil {
		return nil, fmt.Errorf("find the run folder %s: %w", asked, err)
	}
	user, err := browserAccount()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(asked, 0o711); err != nil {
		return nil, fmt.Errorf("make the run folder: %w", err)
	}
	r := &runDir{path: asked, asked: asked, user: user}
	if user.closed(asked) != "" { // such as a data folder that is closed to others
		r.path = substitute(asked)
	}
	if err := user.reaches(r.path, "set TMPDIR to another folder"); err != nil {
		return nil, errors.Join(err, r.remove())
	}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	return r, r.inherit(ctx, log)
}

// substitute is a folder among the temporary files that the same configured
// folder always leads to, so that the next server finds it again.
func substitute(asked string) string {
	sum := sha256.Sum256([]byte(asked))
	return filepath.Join(os.TempDir(), "darkroom-run-"+hex.EncodeToString(sum[:8]))
}

// prepare makes the folder, and refuses one that somebody else put in its
// place.
func (r *runDir) prepare() error {
	if err := os.Mkdir(r.path, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the run folder: %w", err)
	}
	info, err := os.Lstat(r.path)
	if err != nil {
		return fmt.Errorf("look at the run folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("the run folder %s belongs to somebody else: remove it", r.path)
	}
	if err := os.Chmod(r.path, 0o711); err != nil {
		return fmt.Errorf("open the run folder to the browser's user: %w", err)
	}
	return nil
}

// newFolder makes the folder of one browser, readable by its user alone.
func (r *runDir) newFolder() (string, error) {
	folder, err := os.MkdirTemp(r.path, folderName)
	if missing(err) { // who cleans up temporary files has taken it away
		if err = r.prepare(); err == nil {
			folder, err = os.MkdirTemp(r.path, folderName)
		}
	}
	if err != nil {
		return "", fmt.Errorf("make a folder for the browser: %w", err)
	}
	for _, name := range []string{"profile", "home", "tmp"} {
		path := filepath.Join(folder, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			return "", errors.Join(fmt.Errorf("make a folder for the browser: %w", err), os.RemoveAll(folder))
		}
		if err := r.user.own(path); err != nil {
			return "", errors.Join(err, os.RemoveAll(folder))
		}
	}
	return folder, errors.Join(r.user.own(folder))
}

// record notes which process runs in the folder.
func (r *runDir) record(folder string, pid int) error {
	start, err := startTime(pid)
	if err != nil {
		return fmt.Errorf("record the browser's process: %w", err)
	}
	path := filepath.Join(folder, recordName)
	if err := os.WriteFile(path, fmt.Appendf(nil, "%d %s\n", pid, start), 0o600); err != nil {
		return fmt.Errorf("record the browser's process: %w", err)
	}
	return nil
}

// drop removes a browser's folder. A process that is just dying may still
// write into it, so it tries for a while.
func (r *runDir) drop(folder string) error {
	var err error
	for range 50 {
		if err = os.RemoveAll(folder); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("remove the browser's folder: %w", err)
}

// inherit ends what a dead predecessor left running and removes its files.
func (r *runDir) inherit(ctx context.Context, log *slog.Logger) error {
	entries, err := os.ReadDir(r.path)
	if err != nil {
		return fmt.Errorf("read the run folder: %w", err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), folderName) {
			continue
		}
		folder := filepath.Join(r.path, entry.Name())
		if pid, ok := survivor(folder); ok {
			log.Warn("killing a browser that its server left behind", "pid", pid)
			killGroup(pid)
			if err := awaitEnd(ctx, pid); err != nil {
				return err
			}
		}
		if err := r.drop(folder); err != nil {
			return err
		}
	}
	return nil
}

// survivor gives the process that the folder's record names, if it is still
// that process: its number may belong to another by now.
func survivor(folder string) (pid int, alive bool) {
	content, err := os.ReadFile(filepath.Join(folder, recordName))
	if err != nil {
		return 0, false
	}
	var recorded string
	if _, err := fmt.Sscan(string(content), &pid, &recorded); err != nil || pid <= 1 {
		return 0, false
	}
	now, err := startTime(pid)
	return pid, err == nil && now == recorded
}

func awaitEnd(ctx context.Context, pid int) error {
	started, err := startTime(pid)
	for err == nil {
		if now, gone := startTime(pid); gone != nil || now != started {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the end of the browser with process id %d: %w", pid, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// remove takes the folder away; the configured one stays when something else
// lies in it.
func (r *runDir) remove() error {
	for _, path := range []string{r.path, r.asked} {
		if err := os.Remove(path); err != nil && !missing(err) && !errors.Is(err, syscall.ENOTEMPTY) {
			return fmt.Errorf("remove the run folder: %w", err)
		}
	}
	return nil
}
