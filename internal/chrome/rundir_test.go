package chrome

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"darkroom"
)

// Below a folder that is closed to others, the browser's own user could not
// reach its profile: a folder among the temporary files stands in, the same
// one every time.
func TestAFolderThatIsClosedToOthers(t *testing.T) {
	closed := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	run, err := openRunDir(t.Context(), filepath.Join(closed, "run"), quietLog())
	if err != nil {
		t.Fatal(err)
	}
	if inside := strings.HasPrefix(run.path, closed); inside == run.user.change {
		t.Errorf("the folder is %s although the user changes: %v", run.path, run.user.change)
	}
	again, err := openRunDir(t.Context(), filepath.Join(closed, "run"), quietLog())
	if err != nil || again.path != run.path {
		t.Errorf("the next server looks in %v, %v", again, err)
	}
	if err := run.remove(); err != nil {
		t.Error(err)
	}
}

func TestAFolderOfSomebodyElse(t *testing.T) {
	asked := filepath.Join(t.TempDir(), "run")
	place := filepath.Join(t.TempDir(), "place")
	if err := os.Symlink(t.TempDir(), place); err != nil {
		t.Fatal(err)
	}
	run := &runDir{path: place, asked: asked}
	if err := run.prepare(); err == nil || !strings.Contains(err.Error(), "belongs to somebody else") {
		t.Errorf("a link in the folder's place: %v", err)
	}
}

// Where the temporary files are closed to the browser's user as well, no
// browser could start.
func TestNowhereToGoForTheBrowser(t *testing.T) {
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", closed)
	asked := filepath.Join(closed, "data", "run")
	run, err := openRunDir(t.Context(), asked, quietLog())
	if os.Geteuid() != 0 {
		if err != nil || run.path != asked {
			t.Errorf("the browser runs as we do, but %v, %v", run, err)
		}
		return
	}
	fault, ok := errors.AsType[*Fault](err)
	if !ok || fault.Folder != closed && !strings.HasPrefix(closed, fault.Folder) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(fault.Error(), fault.User+", who may not enter "+fault.Folder) || !strings.Contains(fault.Hint(), "chmod o+x "+fault.Folder) {
		t.Errorf("it says %q, %q", fault, fault.Hint())
	}
	if left, err := os.ReadDir(filepath.Join(closed, "data")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestTheWayOfAnAccount(t *testing.T) {
	folder := t.TempDir()
	for path := folder; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	inner := filepath.Join(folder, "closed", "open")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(inner), 0o710); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink(filepath.Join(inner, "browser"), link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(inner, "browser"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	const stranger = 54321
	cases := []struct {
		user account
		want string
	}{
		{account{}, ""},
		{account{change: true, uid: stranger, gid: stranger}, filepath.Dir(inner)},
		{account{change: true, uid: uint32(os.Geteuid()), gid: stranger}, ""},
		{account{change: true, uid: stranger, gid: uint32(os.Getegid())}, ""},
	}
	for _, c := range cases {
		fault, _ := errors.AsType[*Fault](c.user.reaches(link, ""))
		if (fault == nil) != (c.want == "") || fault != nil && fault.Folder != c.want {
			t.Errorf("user %d, group %d: %v, want %q", c.user.uid, c.user.gid, fault, c.want)
		}
	}
}

func TestARunFolderThatWasCleanedAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := os.RemoveAll(r.engine.run.path); err != nil {
		t.Fatal(err)
	}
	r.good("/colour/0f0", darkroom.Options{})
}
