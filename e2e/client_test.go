package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"darkroom"
)

// TestTheFoundingSample runs the sample that the whole interface was made
// from, byte for byte, on the Node client.
func TestTheFoundingSample(t *testing.T) {
	s := start(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test", "--test-reporter=tap", "test/sample.test.mjs")
	cmd.Dir = filepath.Join("..", "clients", "node")
	cmd.Env = append(os.Environ(), "DARKROOM_URL="+s.url, "DARKROOM_API_KEY="+apiKey, "DARKROOM_PAGE_URL="+site(t)+"/page/1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTheDemo(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	path := filepath.Join(dir, "demo.zip")
	stdout, stderr, code := program(ctx, t, nil, "demo", "-o", path)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	content, err := os.ReadFile(path)
	must(t, err)
	failed := map[string]bool{}
	results := open(t, content).manifest.Results
	for _, e := range results {
		if !e.Success {
			failed[e.ErrorCode] = true
		}
	}
	if len(results) != 24 || len(failed) != 2 || !failed["timeout"] || !failed["http_error"] {
		t.Errorf("%d results, failures %v", len(results), failed)
	}
}

func TestBatchFromTheCommandLine(t *testing.T) {
	s := start(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	path := filepath.Join(t.TempDir(), "out.zip")
	env := []string{"DARKROOM_URL=" + s.url, "DARKROOM_API_KEY=" + apiKey}
	args := append([]string{"batch", "-o", path}, pages(site(t), 3)...)
	stdout, stderr, code := program(ctx, t, env, args...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	content, err := os.ReadFile(path)
	must(t, err)
	open(t, content).checkPictures(t, 3)
	_, content2 := s.call("GET", "/v1/jobs", nil)
	list := decode[struct{ Jobs []darkroom.JobAnswer }](t, content2)
	if len(list.Jobs) != 1 {
		t.Errorf("%d jobs on the server", len(list.Jobs))
	}
}
