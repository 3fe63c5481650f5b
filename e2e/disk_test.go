package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"darkroom"
)

// inNamespace has a command run where it sees mounts of its own, made by these
// lines of shell. It needs no privilege but a user namespace.
func inNamespace(cmd *exec.Cmd, mounts string) *exec.Cmd {
	args := []string{"--mount"}
	if os.Getuid() != 0 {
		args = append(args, "--user", "--map-current-user", "--keep-caps")
	}
	args = append(args, "sh", "-c", "set -e; "+mounts+`; exec "$@"`, "sh")
	return exec.Command("unshare", append(args, cmd.Args...)...)
}

// seen is a path as the server sees it.
func (s *server) seen(path string) string {
	return filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "root", path)
}

// fill leaves about so many bytes of the server's data folder free: 0 = none at
// all.
func (s *server) fill(left int64) {
	s.t.Helper()
	ballast, err := os.OpenFile(s.seen(filepath.Join(s.data, "ballast")), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(s.t, err)
	defer ballast.Close()
	var stat syscall.Statfs_t
	must(s.t, syscall.Statfs(s.seen(s.data), &stat))
	_, err = ballast.Write(make([]byte, max(0, int64(stat.Bavail)*stat.Bsize-left)))
	for left == 0 && err == nil {
		_, err = ballast.Write(make([]byte, 4096))
	}
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		s.t.Fatal(err)
	}
}

func (s *server) makeRoom() { must(s.t, os.Remove(s.seen(filepath.Join(s.data, "ballast")))) }

func (s *server) progress(id string) darkroom.ProgressAnswer {
	s.t.Helper()
	answer, content := s.call("GET", darkroom.JobPath(id), nil)
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("the job answers %d %s", answer.StatusCode, content)
	}
	return decode[darkroom.JobAnswer](s.t, content).Progress
}

// notReady waits until /readyz says no, and gives why.
func (s *server) notReady() string {
	s.t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if answer, content := s.call("GET", "/readyz?verbose", nil); answer.StatusCode == http.StatusServiceUnavailable {
			return string(content)
		}
	}
	s.t.Fatalf("still ready\n%s", s.log)
	return ""
}

// TestAFullDisk fills the data folder below --min-free-disk, and to its last
// byte: new jobs are refused, nothing counts as done that is not stored, and
// the work goes on by itself when there is room.
func TestAFullDisk(t *testing.T) {
	for _, test := range []struct {
		name  string
		guard string // --min-free-disk
		left  int64
	}{
		{"below the guard", "32MiB", 16 << 20},
		{"to the last byte", "1B", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			const count = 40
			data, hooks := t.TempDir(), receive(t)
			cmd := inNamespace(serve(data, "--min-free-disk", test.guard), "mount -t tmpfs -o size=64m,mode=0700 none "+data)
			s := launch(t, data, cmd).ready()
			job := s.underWay(s.submit(map[string]any{"urls": pages(site(t), count), "callback_url": hooks.url}))
			s.fill(test.left)
			if why := s.notReady(); !strings.Contains(why, "disk") && !strings.Contains(why, "space") {
				t.Errorf("not ready: %s", why)
			}
			answer, content := s.call("POST", "/v1/batch", map[string]any{"urls": []string{"http://example.com/"}})
			if answer.StatusCode != http.StatusInsufficientStorage || answer.Header.Get("Retry-After") == "" {
				t.Errorf("a new job answers %d %s", answer.StatusCode, content)
			}
			full := s.progress(job.ID)
			if full.Completed == count || full.Failed > 0 {
				t.Errorf("progress on a full disk %+v", full)
			}
			s.makeRoom()
			began := time.Now()
			for s.progress(job.ID).Completed == full.Completed && time.Since(began) < time.Minute {
				time.Sleep(10 * time.Millisecond) // polling another process
			}
			t.Logf("%d captures were done; it went on after %s", full.Completed, time.Since(began).Round(10*time.Millisecond))
			ended := s.await(job.ID, 2*time.Minute)
			if ended.Status != darkroom.StatusCompleted {
				t.Fatalf("ended %s %+v\n%s", ended.Status, ended.Progress, s.log)
			}
			_, content = s.call("GET", darkroom.DownloadPath(job.ID), nil)
			archive := open(t, content)
			archive.checkPictures(t, count)
			for _, e := range archive.manifest.Results {
				if e.Attempts != 1 {
					t.Errorf("%s took %d attempts", e.URL, e.Attempts)
				}
			}
			hooks.checkOnePerJob(t, 1)
			s.checkStorage(len(archive.files))
		})
	}
}

// checkStorage looks at the database and the bucket of a running server.
func (s *server) checkStorage(want int) {
	s.t.Helper()
	report, _ := s.inside(programPath, "doctor", "--data", s.data).CombinedOutput()
	if !strings.Contains(string(report), "darkroom.db is intact") {
		s.t.Errorf("the doctor says\n%s", report)
	}
	var files []string
	must(s.t, filepath.WalkDir(s.seen(filepath.Join(s.data, "bucket")), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, filepath.Base(path))
		}
		return err
	}))
	if len(files) != want {
		s.t.Errorf("%d files are stored, want %d: %v", len(files), want, files)
	}
}

// TestABucketThatCannotBeWritten makes the folder of the pictures read-only in
// the middle: captures wait, at no attempt's cost, and go on afterwards.
func TestABucketThatCannotBeWritten(t *testing.T) {
	const count = 12
	data := t.TempDir()
	folder := filepath.Join(data, "bucket")
	cmd := inNamespace(serve(data), fmt.Sprintf("mkdir -m 700 %[1]s; mount -t tmpfs -o size=80m,mode=0700 none %[1]s", folder))
	s := launch(t, data, cmd).ready()
	job := s.underWay(s.submit(map[string]any{"urls": pages(site(t), count)}))
	s.remount("ro", folder)
	if why := s.notReady(); !strings.Contains(why, "cannot be written") {
		t.Errorf("not ready: %s", why)
	}
	if stuck := s.progress(job.ID); stuck.Failed > 0 || stuck.Completed == count {
		t.Errorf("progress without a bucket %+v", stuck)
	}
	s.remount("rw", folder)
	if ended := s.await(job.ID, time.Minute); ended.Status != darkroom.StatusCompleted {
		t.Errorf("ended %s %+v", ended.Status, ended.Progress)
	}
	_, content := s.call("GET", darkroom.DownloadPath(job.ID), nil)
	archive := open(t, content)
	archive.checkPictures(t, count)
	for _, e := range archive.manifest.Results {
		if e.Attempts != 1 {
			t.Errorf("%s took %d attempts", e.URL, e.Attempts)
		}
	}
}

// inside is a command that sees what the server sees.
func (s *server) inside(args ...string) *exec.Cmd {
	enter := []string{"--target", strconv.Itoa(s.cmd.Process.Pid), "--mount"}
	if os.Getuid() != 0 {
		enter = append(enter, "--user", "--preserve-credentials")
	}
	return exec.Command("nsenter", append(enter, args...)...)
}

// remount changes a mount of the server's namespace. It is busy while a file
// is being written.
func (s *server) remount(how, folder string) {
	s.t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		out, err := s.inside("mount", "-o", "remount,"+how, folder).CombinedOutput()
		if err == nil {
			return
		}
		if time.Now().After(until) {
			s.t.Fatalf("remount %s: %v %s", how, err, out)
		}
	}
}
