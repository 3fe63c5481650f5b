package e2e

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"darkroom"
)

// TestAPublishedClient has a client that others have published for the API that
// ours is compatible with do its work here: its own code, and only its address
// and key are set.
func TestAPublishedClient(t *testing.T) {
	if length(0, 1, 1) == 0 {
		t.Skip("scripts/setup slow installs the client: DARKROOM_LONG=1 runs it, as make test-slow does")
	}
	s := start(t, t.TempDir())
	target := site(t)
	cmd := exec.Command("node", "node_modules/snapsharp-mcp/bin/snapsharp-mcp.js")
	cmd.Dir = "published"
	cmd.Env = append(os.Environ(), "SNAPSHARP_BASE_URL="+s.url, "SNAPSHARP_API_KEY="+apiKey)
	a := connect(t, &sdk.CommandTransport{Command: cmd, TerminateDuration: 10 * time.Second})

	shot := a.answer("snapsharp_screenshot", map[string]any{"url": target + "/page/3", "width": 800, "full_page": false, "block_ads": true})
	picture, ok := shot.Content[0].(*sdk.ImageContent)
	if shot.IsError || !ok || picture.MIMEType != "image/png" {
		t.Fatalf("the screenshot is %+v", shot.Content[0])
	}
	decoded, err := png.Decode(bytes.NewReader(picture.Data))
	must(t, err)
	checkPicture(t, decoded, 3)

	batch := a.answer("snapsharp_batch_screenshot", map[string]any{"urls": pages(target, 2), "format": "webp", "dark_mode": false})
	text, ok := batch.Content[0].(*sdk.TextContent)
	if batch.IsError || !ok {
		t.Fatalf("the batch is %+v", batch.Content[0])
	}
	var told struct {
		Message     string
		JobID       string `json:"job_id"`
		Status      darkroom.JobStatus
		TotalURLs   int       `json:"total_urls"`
		PollURL     string    `json:"poll_url"`
		DownloadURL string    `json:"download_url"`
		ExpiresAt   time.Time `json:"expires_at"`
	}
	must(t, json.Unmarshal([]byte(text.Text), &told))
	if told.JobID == "" || told.Status != darkroom.StatusPending || told.TotalURLs != 2 || told.PollURL != darkroom.JobPath(told.JobID) || told.ExpiresAt.IsZero() {
		t.Errorf("the batch is told as %s", text.Text)
	}
	if done := s.await(told.JobID, time.Minute); done.Status != darkroom.StatusCompleted {
		t.Errorf("the batch ended %s", done.Status)
	}
	if answer, content := s.call("GET", told.DownloadURL, nil); answer.StatusCode != 200 || !bytes.HasPrefix(content, []byte("PK")) {
		t.Errorf("the download answers %d", answer.StatusCode)
	}

	// What this server does not have is an error that can be read.
	other := a.answer("snapsharp_og_image", map[string]any{"title": "A title"})
	if words, ok := other.Content[0].(*sdk.TextContent); !other.IsError || !ok || !strings.Contains(words.Text, "404") {
		t.Errorf("a tool that is not there answers %+v", other.Content[0])
	}
}

func (a agent) answer(tool string, arguments map[string]any) *sdk.CallToolResult {
	a.t.Helper()
	result, err := a.CallTool(a.t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil || len(result.Content) == 0 {
		a.t.Fatalf("%s %v: %v", tool, arguments, err)
	}
	return result
}
