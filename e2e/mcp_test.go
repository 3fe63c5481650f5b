package e2e

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"darkroom/internal/mcp"
)

// agent is a session of the protocol's own client.
type agent struct {
	t *testing.T
	*sdk.ClientSession
}

// withHeader sends every request with these headers.
type withHeader map[string]string

func (h withHeader) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range h {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (s *server) agent(key string) agent {
	return connect(s.t, &sdk.StreamableClientTransport{
		Endpoint: s.url + "/mcp", HTTPClient: &http.Client{Transport: withHeader{"Authorization": "Bearer " + key}}, MaxRetries: -1,
	})
}

func connect(t *testing.T, transport sdk.Transport) agent {
	t.Helper()
	session, err := sdk.NewClient(&sdk.Implementation{Name: "e2e", Version: "1"}, nil).Connect(t.Context(), transport, nil)
	must(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return agent{t, session}
}

// overPipes starts `darkroom mcp` and speaks with it.
func overPipes(t *testing.T, env []string, args ...string) agent {
	t.Helper()
	home := t.TempDir()
	must(t, os.MkdirAll(tempDir(home), 0o711))
	t.Cleanup(func() { _ = os.RemoveAll(tempDir(home)) })
	cmd := exec.Command(programPath, append([]string{"mcp"}, args...)...)
	cmd.Env = append(append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "TMPDIR="+tempDir(home), "DARKROOM_MIN_FREE_DISK=64MiB"), env...)
	log := &syncBuffer{}
	cmd.Stderr = log
	a := connect(t, &sdk.CommandTransport{Command: cmd, TerminateDuration: 20 * time.Second})
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Errorf("darkroom mcp ended with %v\n%s", err, log)
		}
	})
	return a
}

// use calls a tool and gives its words and pictures.
func (a agent) use(tool string, arguments map[string]any) (words string, pictures []image.Image, failed bool) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute)
	defer cancel()
	result, err := a.CallTool(ctx, &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		a.t.Fatalf("%s %v: %v", tool, arguments, err)
	}
	for _, content := range result.Content {
		switch content := content.(type) {
		case *sdk.TextContent:
			words += content.Text + "\n"
		case *sdk.ImageContent:
			pictures = append(pictures, a.picture(content))
		}
	}
	if longWord.MatchString(words) {
		a.t.Errorf("%s has base64 in its text: %.300s", tool, words)
	}
	return words, pictures, result.IsError
}

var longWord = regexp.MustCompile(`[A-Za-z0-9+/=]{120,}`)

func (a agent) picture(content *sdk.ImageContent) image.Image {
	a.t.Helper()
	if content.MIMEType != "image/jpeg" || len(content.Data) > mcp.MaxPictureBytes {
		a.t.Errorf("a picture of %d bytes, %s", len(content.Data), content.MIMEType)
	}
	picture, err := jpeg.Decode(bytes.NewReader(content.Data))
	must(a.t, err)
	if size := picture.Bounds().Size(); max(size.X, size.Y) > mcp.MaxPictureSide {
		a.t.Errorf("a picture of %v pixels", size)
	}
	return picture
}

// says uses a tool that must succeed and say all of this.
func (a agent) says(tool string, arguments map[string]any, want ...string) (string, []image.Image) {
	a.t.Helper()
	words, pictures, failed := a.use(tool, arguments)
	for _, part := range want {
		if failed || !strings.Contains(words, part) {
			a.t.Fatalf("%s %v lacks %q (failed: %v):\n%s", tool, arguments, part, failed, words)
		}
	}
	return words, pictures
}

// refuses uses a tool that must fail and say this.
func (a agent) refuses(tool string, arguments map[string]any, want string) {
	a.t.Helper()
	if words, _, failed := a.use(tool, arguments); !failed || !strings.Contains(words, want) {
		a.t.Errorf("%s %v does not fail with %q (failed: %v):\n%s", tool, arguments, want, failed, words)
	}
}

var jobID = regexp.MustCompile(`[Jj]ob ([0-9a-f-]{36})`)

// looksLike compares with the colour of page n, as far as a JPEG keeps it.
func looksLike(picture image.Image, at image.Point, n int) bool {
	want := paint(n)
	r, g, b, _ := picture.At(at.X, at.Y).RGBA()
	near := func(got uint32, want uint8) bool { return max(int(got>>8)-int(want), int(want)-int(got>>8)) < 12 }
	return near(r, want.R) && near(g, want.G) && near(b, want.B)
}

// TestAgents has the protocol's own client use every tool over both transports,
// with a server and without; over pipes, those of many pages in the long form.
func TestAgents(t *testing.T) {
	base := site(t)
	s := start(t, t.TempDir())
	named := []string{"DARKROOM_API_KEY=" + apiKey}
	for name, a := range map[string]agent{
		"http":             s.agent(apiKey),
		"stdio, a server":  overPipes(t, named, "--server", s.url),
		"stdio, no server": overPipes(t, nil, "--local"),
	} {
		t.Run(name, func(t *testing.T) {
			a.t = t
			a.capturesOne(base)
			if name == "http" || os.Getenv("DARKROOM_LONG") != "" {
				a.capturesMany(base)
			}
		})
	}
}

func (a agent) capturesOne(base string) {
	words, pictures := a.says("capture", map[string]any{"url": base + "/page/7"}, "HTTP 200", `title "Page 7"`, "1280×720", "downscaled to 1024×576")
	if len(pictures) != 1 || !looksLike(pictures[0], image.Pt(5, 5), 7) {
		a.t.Errorf("capture shows %d pictures", len(pictures))
	}
	id := jobID.FindStringSubmatch(words)[1]
	original, err := a.ReadResource(a.t.Context(), &sdk.ReadResourceParams{URI: "darkroom://jobs/" + id + "/captures/1/image"})
	must(a.t, err)
	size, format, err := image.DecodeConfig(bytes.NewReader(original.Contents[0].Blob))
	if err != nil || format != "png" || size.Width != 1280 || size.Height != 720 {
		a.t.Errorf("the original is %s of %d×%d, %v", format, size.Width, size.Height, err)
	}
	_, pictures = a.says("look", map[string]any{"id": id, "n": 1, "region": map[string]any{"x": 1000, "y": 600, "width": 500, "height": 500}}, "x 1000 to 1280, y 600 to 720")
	if len(pictures) != 1 || pictures[0].Bounds().Size() != image.Pt(280, 120) {
		a.t.Errorf("a region is shown as %d pictures", len(pictures))
	}
	_, pictures = a.says("capture", map[string]any{"url": base + "/there/is/nothing"}, "http_error", "404", "What to do: ")
	if len(pictures) != 1 {
		a.t.Errorf("of a failure %d pictures are shown", len(pictures))
	}
	a.refuses("capture", map[string]any{"url": "http://169.254.169.254/latest"}, "validation_error")
	a.refuses("capture", map[string]any{"url": base, "options": map[string]any{"formt": "png"}}, "formt")
	a.refuses("look", map[string]any{"id": "01900000-0000-7000-8000-000000000000"}, "not_found")
}

func (a agent) capturesMany(base string) {
	a.refuses("capture_many", map[string]any{}, "either urls or a sitemap")
	urls := append(pages(base, 21), base+"/there/is/nothing")
	words, _ := a.says("capture_many", map[string]any{"urls": urls, "options": map[string]any{"attempts": 1}}, "22 URLs")
	id := jobID.FindStringSubmatch(words)[1]
	a.says("job", map[string]any{"id": id, "wait_seconds": 50}, "is partial: 21 of 22 captured, 1 failed",
		"   1  completed  "+base+"/page/0  1280×720", "  22  failed     "+base+"/there/is/nothing  http_error")
	a.says("job", map[string]any{"id": "-", "failed_only": true}, "  22  failed")
	words, pictures := a.says("look", map[string]any{"id": id}, "ends at 20 of 22; the next begins with from 21")
	if len(pictures) != 1 || strings.Contains(words, "  21  ") {
		a.t.Fatalf("the sheet has %d pictures:\n%s", len(pictures), words)
	}
	for n := range 20 { // tiles of a 4-column grid, in the middle of each
		if at := image.Pt(n%4*256+120, n/4*200+150); !looksLike(pictures[0], at, n) {
			a.t.Errorf("tile %d has colour %v", n+1, pictures[0].At(at.X, at.Y))
		}
	}
	if _, pictures = a.says("look", map[string]any{"id": id, "from": 21}, "  22  failed"); len(pictures) != 1 {
		a.t.Errorf("the second sheet has %d pictures", len(pictures))
	}
	a.says("explain_failure", map[string]any{"id": id}, "Capture 22", "It failed with http_error after 1 attempts", "fail_on_status")
	a.says("explain_failure", map[string]any{"id": id, "n": 1}, "has not failed")
}

// TestAgentsHaveTheRightsOfTheirKeys asks with keys that may less.
func TestAgentsHaveTheRightsOfTheirKeys(t *testing.T) {
	s := start(t, t.TempDir())
	base := site(t)
	key := func(grant map[string]any) string {
		_, content := s.call("POST", "/v1/keys", grant)
		return decode[struct{ Key string }](t, content).Key
	}
	mine := s.agent(apiKey)
	words, _ := mine.says("capture", map[string]any{"url": base + "/page/1"}, "HTTP 200")
	id := jobID.FindStringSubmatch(words)[1]
	other := s.agent(key(map[string]any{"name": "other"}))
	other.refuses("job", map[string]any{"id": id}, "not_found")
	other.refuses("look", map[string]any{"id": id, "n": 1}, "not_found")
	if _, err := other.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: "darkroom://jobs/" + id + "/captures/1/image"}); err == nil {
		t.Error("another key reads the original")
	}
	reader := s.agent(key(map[string]any{"name": "reader", "scopes": []string{"read"}}))
	reader.refuses("capture", map[string]any{"url": base + "/page/1"}, "forbidden")
	reader.refuses("job", map[string]any{"id": "-"}, "no job yet")
	short := s.agent(key(map[string]any{"name": "short", "limits": map[string]int{"captures_per_month": 1}}))
	short.refuses("capture_many", map[string]any{"urls": pages(base, 2)}, "quota_exceeded")
	_, err := sdk.NewClient(&sdk.Implementation{Name: "e2e", Version: "1"}, nil).Connect(t.Context(), &sdk.StreamableClientTransport{
		Endpoint: s.url + "/mcp", MaxRetries: -1,
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "Unauthorized") {
		t.Errorf("without a key the session gives %v", err)
	}
}

// TestNoForeignPageSpeaksForAnAgent sends what a page of another site could,
// with a name of its own that leads here too.
func TestNoForeignPageSpeaksForAnAgent(t *testing.T) {
	s := start(t, t.TempDir(), "--public-url", "https://shots.example")
	host := strings.TrimPrefix(s.url, "http://")
	for name, one := range map[string]struct {
		method, host, origin, body string
		want                       int
	}{
		"a program":              {"POST", host, "", ping, http.StatusOK},
		"localhost":              {"POST", strings.Replace(host, "127.0.0.1", "localhost", 1), "", ping, http.StatusOK},
		"the public name":        {"POST", "shots.example", "https://shots.example", ping, http.StatusOK},
		"the server's own page":  {"POST", host, s.url, ping, http.StatusOK},
		"another site":           {"POST", host, "https://evil.example", ping, http.StatusForbidden},
		"a sandboxed page":       {"POST", host, "null", ping, http.StatusForbidden},
		"a name that leads here": {"POST", "evil.example", "http://evil.example", ping, http.StatusForbidden},
		"such a name, no origin": {"POST", "evil.example", "", ping, http.StatusForbidden},
		"no message":             {"POST", host, "", `{"hello":1}`, http.StatusBadRequest},
		"no JSON":                {"POST", host, "", `hello`, http.StatusBadRequest},
		"a stream":               {"GET", host, "", "", http.StatusMethodNotAllowed},
	} {
		status, content := s.message(one.method, one.host, one.origin, one.body)
		if status != one.want || one.want >= 400 && !bytes.HasPrefix(content, []byte(`{"error":"`)) {
			t.Errorf("%s: %d %s, want %d", name, status, content, one.want)
		}
	}
	// A proxy that is trusted answers for the name, not for the page.
	s = start(t, t.TempDir(), "--trusted-proxies", "127.0.0.1")
	if status, content := s.message("POST", "shots.example", "", ping); status != http.StatusOK {
		t.Errorf("behind a proxy: %d %s", status, content)
	}
	if status, content := s.message("POST", "shots.example", "https://evil.example", ping); status != http.StatusForbidden {
		t.Errorf("another site, through a proxy: %d %s", status, content)
	}
}

// message sends what it says to /mcp, with a key.
func (s *server) message(method, host, origin, body string) (status int, content []byte) {
	s.t.Helper()
	request, err := http.NewRequest(method, s.url+"/mcp", strings.NewReader(body))
	must(s.t, err)
	request.Host = host
	request.Header.Set("Authorization", "Bearer "+apiKey)
	request.Header.Set("Content-Type", "application/json")
	if origin != "" {
		request.Header.Set("Origin", origin)
	}
	answer, err := http.DefaultClient.Do(request)
	must(s.t, err)
	defer answer.Body.Close()
	content, err = io.ReadAll(answer.Body)
	must(s.t, err)
	return answer.StatusCode, content
}

const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
