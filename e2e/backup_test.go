package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// A backup is taken in the middle of a batch. The server is killed, the backup
// restored elsewhere: the job goes on there and its archive is whole.
func TestABackupOfARunningServerIsWhole(t *testing.T) {
	const count = 40
	data, base := t.TempDir(), site(t)
	s := start(t, data, "--concurrency", "2")
	job := s.underWay(s.submit(map[string]any{"urls": pages(base, count)}))
	file := filepath.Join(t.TempDir(), "darkroom.tar")
	backup(t, data, file)
	if now := s.progress(job.ID); now.Completed+now.Failed == count {
		t.Fatalf("the job had ended before the backup had: %+v", now)
	}
	s.kill()

	elsewhere := filepath.Join(t.TempDir(), "data")
	restore(t, elsewhere, file, 0, "pictures")
	restored := start(t, elsewhere)
	ended := restored.await(job.ID, 2*time.Minute)
	if ended.Status != darkroom.StatusCompleted {
		t.Fatalf("the job ends as %s: %+v", ended.Status, ended.Progress)
	}
	_, content := restored.call("GET", darkroom.DownloadPath(job.ID), nil)
	open(t, content).checkPictures(t, count)
	if code := restored.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	restore(t, elsewhere, file, 6, "is not empty")
}

// What is not whole restores nothing, and a backup without the key needs it.
func TestWhatARestoreRefuses(t *testing.T) {
	data, base := t.TempDir(), site(t)
	s := start(t, data)
	s.await(s.submit(map[string]any{"urls": pages(base, 3)}).ID, time.Minute)
	file, bare := filepath.Join(t.TempDir(), "darkroom.tar"), filepath.Join(t.TempDir(), "bare.tar")
	backup(t, data, file)
	backup(t, data, bare, "--without-secret-key")
	secret, err := os.ReadFile(filepath.Join(data, "secret.key"))
	must(t, err)
	content, err := os.ReadFile(file)
	must(t, err)
	if without, err := os.ReadFile(bare); err != nil || bytes.Contains(without, bytes.TrimSpace(secret)) || !bytes.Contains(content, secret) {
		t.Errorf("the key is not where it was asked for: %v", err)
	}
	if _, stderr, code := program(t.Context(), t, nil, "backup", file, "--data", data); code != 2 || !strings.Contains(stderr, "is there already") {
		t.Errorf("a backup over another: %d %s", code, stderr)
	}
	changed := bytes.Clone(content)
	changed[len(changed)/2] ^= 1
	for name, broken := range map[string][]byte{
		"cut": content[:len(content)/2], "empty": nil, "changed": changed, "no tar": []byte("no tar"),
	} {
		path, folder := filepath.Join(t.TempDir(), "broken.tar"), filepath.Join(t.TempDir(), "data")
		must(t, os.WriteFile(path, broken, 0o600))
		restore(t, folder, path, 6, "not a whole backup")
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%s leaves %v (%v)", name, left, err)
		}
	}
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "secret.key"), secret, 0o600))
	restore(t, folder, bare, 0, "secret.key is not in it")
	start(t, folder)
}

func backup(t *testing.T, data, file string, flags ...string) {
	t.Helper()
	args := append([]string{"backup", file, "--data", data}, flags...)
	if _, stderr, code := program(t.Context(), t, nil, args...); code != 0 {
		t.Fatalf("backup ends with %d: %s", code, stderr)
	}
}

func restore(t *testing.T, folder, file string, want int, says string) {
	t.Helper()
	_, stderr, code := program(t.Context(), t, nil, "restore", file, "--data", folder)
	if code != want || !strings.Contains(stderr, says) {
		t.Fatalf("restore ends with %d, want %d: %s", code, want, stderr)
	}
}
