package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// TestTheGalleryInFirefox opens the page of an archive in another browser than
// ours, in a network of its own: it has no way out, and Firefox would use one.
func TestTheGalleryInFirefox(t *testing.T) {
	if length(0, 1, 1) == 0 {
		t.Skip("Firefox is installed for the long form: DARKROOM_LONG=1 runs it, as make test-slow does")
	}
	firefox, err := exec.LookPath("firefox-esr")
	if err != nil {
		t.Fatalf("%v; scripts/setup slow installs it", err)
	}
	if os.Getuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("only root can give a browser a network of its own and another user")
		}
		t.Skip("only root can give a browser a network of its own and another user")
	}
	folder, home := galleryOfOddPages(t), publicDir(t)
	const script = `ip link set lo up && exec setpriv --reuid=65534 --regid=65534 --clear-groups node --test --test-reporter=tap --test-concurrency=1 firefox.test.mjs`
	cmd := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-c", script)
	cmd.Dir = "browser"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "FIREFOX=" + firefox, "GALLERY=" + folder}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
