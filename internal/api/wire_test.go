package api_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// wire is one line of testdata/wire: a request exactly as a published client
// sends it, and what that client reads of the answer.
type wire struct {
	Name       string
	Method     string
	Path       string
	UserAgent  string `json:"user_agent"`
	Headers    map[string]any
	Body       string
	WantStatus int `json:"want_status"`

	// Reads are "field kind": a field of the JSON body, dots between names and
	// positions, or a header; and how the client decodes it.
	Reads []string
}

func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no wire fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			done := r.done("https://example.com/a", "https://example.com/b")
			names := strings.NewReplacer("$JOB", done, "$PENDING", r.pending(), "$SITEMAP", r.sitemapCaptured(), "$KEY", r.key)
			for _, row := range readLines[wire](t, file) {
				t.Run(row.Name, func(t *testing.T) { r.speak(t, row, names) })
			}
		})
	}
}

func (r *rig) speak(t *testing.T, row wire, names *strings.Replacer) {
	request := must(http.NewRequestWithContext(t.Context(), row.Method, r.server.URL, strings.NewReader(row.Body)))(t)
	request.URL = r.address(t, names.Replace(row.Path))
	request.Header.Set("Authorization", "Bearer "+r.key)
	request.Header.Set("User-Agent", row.UserAgent)
	if row.Body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range row.Headers {
		setHeader(request.Header, name, value, names)
	}
	got := r.do(request)
	if got.status != row.WantStatus {
		t.Fatalf("status %d, want %d: %s", got.status, row.WantStatus, got.body)
	}
	for _, read := range row.Reads {
		readAs(t, got, read)
	}
}

func readAs(t *testing.T, got answer, read string) {
	t.Helper()
	field, kind, _ := strings.Cut(read, " ")
	switch {
	case read == "image":
		expect(t, "Content-Type is an image", strings.HasPrefix(got.header.Get("Content-Type"), "image/"), true)
		expect(t, "the image is the one taken", bytes.Equal(got.body, picture()), true)
	case read == "zip":
		expect(t, "Content-Encoding", got.header.Get("Content-Encoding"), "")
		if _, err := zip.NewReader(bytes.NewReader(got.body), int64(len(got.body))); err != nil {
			t.Error(err)
		}
	case read == "no warnings":
		expect(t, "warnings", string(got.body), strings.ReplaceAll(string(got.body), "warnings", ""))
	case read == "no warning":
		expect(t, "X-Darkroom-Warning", got.header.Get("X-Darkroom-Warning"), "")
	case kind == "seconds":
		if _, err := strconv.Atoi(got.header.Get(field)); err != nil {
			t.Errorf("%s is not whole seconds: %v", field, err)
		}
	default:
		raw, found := member(t, got.body, field)
		if !found || !decodesAs(raw, kind) {
			t.Errorf("%s is %s, which does not decode as %s", field, raw, kind)
		}
	}
}

// member finds a.0.b in a JSON body.
func member(t *testing.T, body json.RawMessage, field string) (json.RawMessage, bool) {
	t.Helper()
	for name := range strings.SplitSeq(field, ".") {
		position, err := strconv.Atoi(name)
		if err != nil {
			var object map[string]json.RawMessage
			if err := json.Unmarshal(body, &object); err != nil || object[name] == nil {
				return nil, false
			}
			body = object[name]
			continue
		}
		var list []json.RawMessage
		if err := json.Unmarshal(body, &list); err != nil || position >= len(list) {
			return nil, false
		}
		body = list[position]
	}
	return body, true
}

func decodesAs(raw json.RawMessage, kind string) bool {
	if inner, optional := strings.CutSuffix(kind, "?"); optional {
		return string(raw) == "null" || decodesAs(raw, inner)
	}
	if string(raw) == "null" {
		return kind == "null"
	}
	decodes := func(into any) bool { return json.Unmarshal(raw, into) == nil }
	switch kind {
	case "string":
		return decodes(new(string))
	case "uuid":
		var text string
		return decodes(&text) && uuid.Validate(text) == nil && len(text) == 36
	case "int":
		return decodes(new(int))
	case "number":
		return decodes(new(float64))
	case "list":
		return decodes(new([]json.RawMessage))
	}
	return false
}
