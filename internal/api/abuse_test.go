package api_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom"
	"darkroom/internal/store"
)

// abuse is one line of testdata/abuse: a request that somebody may send, and
// what becomes of it. $KEY, $OTHER, $REVOKED, $JOB, $UPPERJOB, $OTHERJOB and
// $OTHERKEYID stand for what the rig has made.
type abuse struct {
	ID         string
	Method     string
	Path       string
	Headers    map[string]any // a text, a list of texts, or null to leave it out
	Body       string
	BodyBase64 string `json:"body_base64"`
	Repeat     repeat // a body or header too long to write down
	Raw        string // the whole request, for what no client would send

	WantStatus int           `json:"want_status"`
	WantCode   darkroom.Code `json:"want_code"`
	WantParam  string        `json:"want_param"`
	WantDetail string        `json:"want_detail"`
	WantAllow  string        `json:"want_allow"`
}

type repeat struct {
	In, Prefix, Text, Suffix string
	Times                    int
	Chunked                  bool
}

func (r repeat) String() string { return r.Prefix + strings.Repeat(r.Text, r.Times) + r.Suffix }

func TestAbuse(t *testing.T) {
	files, err := filepath.Glob("testdata/abuse/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rows of abuse: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			r := newRig(t)
			names := r.cast()
			for _, row := range readLines[abuse](t, file) {
				t.Run(row.ID, func(t *testing.T) { r.suffer(t, row, names) })
			}
			if log := r.log.String(); strings.Contains(log, "panic") || strings.Contains(log, "ERROR") {
				t.Errorf("the log complains:\n%s", log)
			}
		})
	}
}

// The catalogue is large, and each of its rows says what is to be answered: a
// status that is not the server's fault, with a code wherever the answer is ours
// and has a body.
func TestCatalogueOfAbuse(t *testing.T) {
	files := must(filepath.Glob("testdata/abuse/*.jsonl"))(t)
	different := map[string]bool{}
	for _, file := range files {
		for _, row := range readLines[abuse](t, file) {
			different[fmt.Sprint(row.Method, row.Path, row.Headers, row.Body, row.BodyBase64, row.Repeat, row.Repeat.Chunked, row.Raw)] = true
			switch {
			case row.WantStatus < 200, row.WantStatus >= 500 && row.Raw == "":
				t.Errorf("%s: %q wants a %d", file, row.ID, row.WantStatus)
			case row.WantStatus >= 400 && row.WantCode == "" && row.Method != http.MethodHead && !answeredByLibrary(row):
				t.Errorf("%s: %q wants a %d without a code", file, row.ID, row.WantStatus)
			}
		}
	}
	if len(different) < 1000 {
		t.Errorf("the catalogue has %d different requests", len(different))
	}
	t.Logf("%d different requests in %d files", len(different), len(files))
}

// answeredByLibrary reports whether net/http answers before a handler sees the
// request.
func answeredByLibrary(row abuse) bool {
	return row.Raw != "" || row.WantStatus == http.StatusRequestHeaderFieldsTooLarge
}

// cast makes the keys and jobs that the rows speak of.
func (r *rig) cast() *strings.Replacer {
	r.t.Helper()
	ctx := r.t.Context()
	revoked := must(r.store.CreateKey(ctx, "revoked"))(r.t)
	must(r.store.RevokeKey(ctx, revoked.ID))(r.t)
	other := must(r.store.CreateKey(ctx, "other"))(r.t)
	job := r.done("https://example.com/")
	own := r.key
	r.key = other.Secret
	otherJob := r.done("https://example.com/")
	r.key = own
	return strings.NewReplacer("$KEY", own, "$OTHERKEYID", other.ID, "$OTHERJOB", otherJob, "$OTHER", other.Secret,
		"$REVOKED", revoked.Secret, "$UPPERJOB", strings.ToUpper(job), "$JOB", job)
}

func (r *rig) suffer(t *testing.T, row abuse, names *strings.Replacer) {
	before := r.jobs(t)
	got := r.inflict(t, row, names)
	if got.status != row.WantStatus {
		t.Fatalf("status %d, want %d: %.300s", got.status, row.WantStatus, got.body)
	}
	if created := r.jobs(t) - before; (created == 1) != (got.status == http.StatusAccepted) {
		t.Errorf("%d jobs were made and the answer is %d", created, got.status)
	}
	if got.status >= http.StatusInternalServerError && row.Raw == "" {
		t.Errorf("input made a %d", got.status)
	}
	if bytes.Contains(got.body, []byte(r.key)) {
		t.Error("the answer has the key in it")
	}
	expect(t, "Allow", got.header.Get("Allow"), row.WantAllow)
	if row.WantCode == "" {
		return
	}
	expect(t, "code", got.code(t), row.WantCode)
	expect(t, "WWW-Authenticate", got.header.Get("WWW-Authenticate") == "Bearer", got.status == http.StatusUnauthorized)
	r.checkFault(t, row, got)
}

func (r *rig) checkFault(t *testing.T, row abuse, got answer) {
	var failure struct {
		Param   string
		Details []darkroom.Detail
	}
	got.json(t, &failure)
	if row.WantParam != "" {
		expect(t, "param", failure.Param, row.WantParam)
	}
	if row.WantDetail == "" {
		return
	}
	if len(failure.Details) == 0 {
		t.Fatalf("no details: %s", got.body)
	}
	expect(t, "details[0].code", failure.Details[0].Code, row.WantDetail)
}

func (r *rig) jobs(t *testing.T) int {
	t.Helper()
	return must(r.store.Jobs(t.Context(), r.keyID, store.JobFilter{Limit: 1}))(t).Total
}

func (r *rig) inflict(t *testing.T, row abuse, names *strings.Replacer) answer {
	if row.Raw != "" {
		return r.sendRaw(t, names.Replace(row.Raw))
	}
	body := []byte(row.Body)
	if row.BodyBase64 != "" {
		body = must(base64.StdEncoding.DecodeString(row.BodyBase64))(t)
	}
	if row.Repeat.In == "body" {
		body = []byte(row.Repeat.String())
	}
	request := must(http.NewRequestWithContext(t.Context(), row.Method, r.server.URL, bytes.NewReader(body)))(t)
	request.URL = r.address(t, names.Replace(row.Path))
	if row.Repeat.Chunked {
		request.ContentLength, request.Body = -1, io.NopCloser(bytes.NewReader(body))
	}
	request.Header.Set("Authorization", "Bearer "+r.key)
	request.Header.Set("Content-Type", "application/json")
	if row.Repeat.In != "" && row.Repeat.In != "body" {
		request.Header.Set(row.Repeat.In, row.Repeat.String())
	}
	for name, value := range row.Headers {
		setHeader(request.Header, name, value, names)
	}
	return r.do(request)
}

// address does not clean the path.
func (r *rig) address(t *testing.T, target string) *url.URL {
	t.Helper()
	return must(url.Parse(r.server.URL + target))(t)
}

func setHeader(header http.Header, name string, value any, names *strings.Replacer) {
	name = http.CanonicalHeaderKey(name)
	switch value := value.(type) {
	case nil:
		header.Del(name)
	case string:
		header[name] = []string{names.Replace(value)}
	case []any:
		header.Del(name)
		for _, one := range value {
			header[name] = append(header[name], names.Replace(fmt.Sprint(one)))
		}
	}
}

// sendRaw writes bytes that http.Client would refuse to.
func (r *rig) sendRaw(t *testing.T, text string) answer {
	t.Helper()
	conn := must(net.Dial("tcp", r.server.Listener.Addr().String()))(t)
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	response := must(http.ReadResponse(bufio.NewReader(conn), nil))(t)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body, err}
}

// readLines reads JSON lines; a field that T does not know is an error.
func readLines[T any](t *testing.T, file string) []T {
	t.Helper()
	content := must(os.ReadFile(file))(t)
	var rows []T
	for line := range bytes.Lines(content) {
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		var row T
		if err := decoder.Decode(&row); err != nil {
			t.Fatalf("%s: %v\n%.200s", file, err, line)
		}
		rows = append(rows, row)
	}
	return slices.Clip(rows)
}
