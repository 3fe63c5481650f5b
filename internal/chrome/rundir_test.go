package chrome

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
