package e2e

import (
	"strings"
	"testing"
	"time"

	"darkroom"
)

// TestFoldersThatCannotBeWritten: a server that could keep nothing does not
// start, and says what to do.
func TestFoldersThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ mounts, want string }{
		"no data folder":             {"mount -t tmpfs -o ro none $0/..", "--data"},
		"a data folder":              {"mount -t tmpfs -o ro none $0", "--data"},
		"a data folder, used":        {"mount -t tmpfs none $0; touch $0/lock; mount -o remount,ro $0", "--data"},
		"a data folder without room": {"mount -t tmpfs -o size=4k none $0", "make room"},
		"the pictures' folder":       {"mkdir -p $0/bucket; mount -t tmpfs -o ro none $0/bucket", "bucket"},
		"the temporary folder":       {"mount -t tmpfs -o ro none $TMPDIR", "TMPDIR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			s := launch(t, data, inNamespace(serve(data), strings.ReplaceAll(test.mounts, "$0", data)))
			if err := s.wait(30 * time.Second); err == nil || s.cmd.ProcessState == nil {
				t.Fatalf("it ended with %v\n%s", err, s.log)
			}
			if code := s.cmd.ProcessState.ExitCode(); code != 6 {
				t.Errorf("exit code %d", code)
			}
			if log := s.log.String(); !strings.Contains(log, "\n  try  ") || !strings.Contains(log, test.want) || strings.Contains(log, "goroutine") {
				t.Errorf("it says\n%s", log)
			}
		})
	}
}

// TestSmallMachines captures large pages where the root cannot be written and
// where browsers find little or no room to share memory.
func TestSmallMachines(t *testing.T) {
	t.Parallel()
	for name, mounts := range map[string]string{
		"64 MB of shared memory": "mount -t tmpfs -o size=64m,mode=1777 none /dev/shm",
		"no shared memory":       "mount -t tmpfs -o ro,size=4k none /dev/shm",
		"a root of others":       "mount --bind $0 $0; mount --bind $TMPDIR $TMPDIR; mount -o remount,bind,ro /",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			s := launch(t, data, inNamespace(serve(data, "--concurrency", "2"), strings.ReplaceAll(mounts, "$0", data))).ready()
			ended := s.await(s.submit(map[string]any{"urls": pages(site(t), 1), "width": 3840, "height": 2160, "retina": true}).ID, 2*time.Minute)
			if ended.Status != darkroom.StatusCompleted {
				t.Errorf("ended %s %+v\n%s", ended.Status, ended.Progress, s.log)
			}
			for _, result := range s.results(ended.ID) {
				if result.Attempts != 1 {
					t.Errorf("%s took %d attempts", result.URL, result.Attempts)
				}
			}
		})
	}
}
