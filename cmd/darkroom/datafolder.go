package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Names inside the data folder. The database and the bucket name their own.
const (
	lockName          = "lock"              // held by the one process that works on the folder; content: its version
	secretKeyName     = "secret.key"        // 32 bytes in hex: seals secrets in rows
	initialKeyName    = "initial-admin-key" // the first API key, when there was no terminal to show it on
	listenAddressName = "listen-address"    // host:port of the API while it serves
	instanceName      = "instance"          // of the last process that shared a database with others
	bucketName        = "bucket"
)

// lockPatience is how long a start waits for the lock, so that a restart may
// overlap with the last moments of the process that it follows.
const lockPatience = time.Second

// dataFolder is everything that one server keeps.
type dataFolder struct {
	Path string
	lock *flock.Flock
}

// openDataFolder makes the folder if needed, for its owner only.
func openDataFolder(path string) (*dataFolder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, environmentFault("choose another folder with --data DIR", "cannot make the data folder %s: %v", path, err)
	}
	return &dataFolder{Path: path, lock: flock.New(filepath.Join(path, lockName), flock.SetPermissions(0o600))}, nil
}

func (d *dataFolder) file(name string) string { return filepath.Join(d.Path, name) }

// Lock takes the folder for this process until Unlock, or says who has it.
func (d *dataFolder) Lock(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	locked, err := d.lock.TryLockContext(ctx, 50*time.Millisecond)
	if !locked {
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return environmentFault(hintOr(err, "check who owns the folder"), "cannot lock the data folder %s: %v", d.Path, err)
		}
		return environmentFault("stop it first, or give this one its own folder with --data DIR",
			"another darkroom works on the data folder %s", d.Path)
	}
	if err := os.WriteFile(d.file(lockName), []byte(Version+"\n"), 0o600); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", d.file(lockName), err), d.lock.Unlock())
	}
	return nil
}

// Unlock gives the folder back. Without the lock it does nothing.
func (d *dataFolder) Unlock() error { return d.lock.Unlock() }

// Share prepares short work on the database beside a server that may be
// running. Without a server this process takes the lock; with one it must be
// of the same version, because another one could change the tables under it.
func (d *dataFolder) Share() error {
	locked, err := d.lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock the data folder %s: %w", d.Path, err)
	}
	if locked {
		return nil
	}
	content, err := os.ReadFile(d.file(lockName))
	if err != nil {
		return fmt.Errorf("read %s: %w", d.file(lockName), err)
	}
	if running := strings.TrimSpace(string(content)); running != Version {
		return environmentFault("use the program of the server, or stop it first",
			"darkroom %s works on %s; this is %s", running, d.Path, Version)
	}
	return nil
}

// SecretKey reads the key that seals secrets in rows, and makes it the first
// time. Two processes that make it at once agree on one.
func (d *dataFolder) SecretKey() (key [32]byte, err error) {
	path := d.file(secretKeyName)
	if err := d.makeSecretKey(path); err != nil {
		return key, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return key, fmt.Errorf("read the secret key: %w", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(content)))
	if err != nil || len(raw) != len(key) {
		return key, environmentFault("restore it from a backup; without it stored webhook secrets cannot be read",
			"%s is damaged: it must hold 64 hexadecimal digits", path)
	}
	return [32]byte(raw), nil
}

// makeSecretKey writes a whole file elsewhere and links it into place: a
// reader never sees half a key, and the first one wins.
func (d *dataFolder) makeSecretKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	var key [32]byte
	rand.Read(key[:])
	fresh, err := writeTemporary(d.Path, []byte(hex.EncodeToString(key[:])+"\n"))
	if err != nil {
		return err
	}
	err = os.Link(fresh, path)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err = errors.Join(err, os.Remove(fresh)); err != nil {
		return fmt.Errorf("write the secret key: %w", err)
	}
	return nil
}

// writeTemporary writes a file that is on disk, for its owner only, beside the
// place where it will go.
func writeTemporary(folder string, content []byte) (path string, err error) {
	file, err := os.CreateTemp(folder, ".new-*")
	if err != nil {
		return "", fmt.Errorf("make a file: %w", err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("write %s: %w", file.Name(), err), os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// replaceFile puts a file for its owner only in place of what was there, whole
// or not at all.
func replaceFile(path string, content []byte) error {
	fresh, err := writeTemporary(filepath.Dir(path), content)
	if err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(fresh))
	}
	return nil
}

// RunDir is where the browsers of this folder's server live: profiles and
// sockets, nothing that must survive. Its name follows from the data folder,
// so that a start finds what a killed server left. It lies in the system's
// temporary folder because the browser may run as another user, who must be
// able to reach it. The engine makes and removes it.
func (d *dataFolder) RunDir() string {
	sum := sha256.Sum256([]byte(d.Path))
	return filepath.Join(os.TempDir(), "darkroom-"+hex.EncodeToString(sum[:6]))
}
