package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"darkroom"
	"darkroom/internal/api"

	"github.com/danielgtaylor/huma/v2"
)

// document is what /openapi.json serves, as a reader of it sees it.
type document struct {
	OpenAPI    string
	Paths      map[string]map[string]documented
	Components struct {
		Schemas   map[string]json.RawMessage
		Responses map[string]json.RawMessage
	}
	refs []string
}

type documented struct {
	OperationID string `json:"operationId"`
	Summary     string
	Parameters  []struct{ Name, In string }
	RequestBody *json.RawMessage
	Responses   map[string]struct {
		Ref     string `json:"$ref"`
		Content map[string]struct{ Schema json.RawMessage }
	}
	Security []map[string][]string
}

func readDocument(t *testing.T) document {
	t.Helper()
	text := servedDocument()
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`"\$ref":"([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
		d.refs = append(d.refs, match[1])
	}
	return d
}

func TestOpenAPIIsServed(t *testing.T) {
	r := newRig(t)
	got := r.get("/openapi.json", "Authorization", "")
	expect(t, "status", got.status, http.StatusOK)
	expect(t, "Content-Type", got.header.Get("Content-Type"), "application/json")
	var d document
	got.json(t, &d)
	expect(t, "openapi", d.OpenAPI, "3.1.0")
	if string(got.body) != string(servedDocument()) {
		t.Error("the served document is not the one that the other tests read")
	}
}

// Every path and method of the document is served, and none besides them: a
// path that is not there is a 404, a method that is not there a 405 that lists
// the others.
func TestEveryRouteIsDocumented(t *testing.T) {
	r := newRig(t)
	d := readDocument(t)
	for _, path := range routePaths(t) {
		if d.Paths[path] == nil {
			t.Errorf("%s is a route and not in the document", path)
		}
	}
	for path, operations := range d.Paths {
		probe := strings.ReplaceAll(path, "{id}", "0195d4a2-0000-7000-8000-000000000000")
		got := r.send("PROPFIND", probe, "")
		if got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s is in the document and answers %d to a strange method", path, got.status)
			continue
		}
		var wrong []string
		for _, method := range strings.Split(got.header.Get("Allow"), ", ") {
			_, there := operations[strings.ToLower(method)]
			if !there && method != http.MethodHead {
				wrong = append(wrong, method)
			}
		}
		for method := range operations {
			if !strings.Contains(got.header.Get("Allow"), strings.ToUpper(method)) {
				wrong = append(wrong, method)
			}
		}
		if len(wrong) > 0 {
			t.Errorf("%s: document and routes differ in %v", path, wrong)
		}
	}
}

// routePaths reads the registrations themselves, so that a route cannot be
// left out of the document and of this test at once.
func routePaths(t *testing.T) []string {
	t.Helper()
	matches := regexp.MustCompile(`\{"(?:GET|POST|PATCH|DELETE)", "(/[^"]*)"`).FindAllStringSubmatch(string(must(os.ReadFile("api.go"))(t)), -1)
	if len(matches) < 10 {
		t.Fatalf("only %d registrations found", len(matches))
	}
	paths := make([]string, 0, len(matches))
	for _, match := range matches {
		paths = append(paths, match[1])
	}
	return paths
}

func TestOpenAPIHoldsTogether(t *testing.T) {
	d := readDocument(t)
	ids := map[string]bool{}
	for path, operations := range d.Paths {
		for method, operation := range operations {
			if operation.OperationID == "" || operation.Summary == "" || ids[operation.OperationID] {
				t.Errorf("%s %s has no id, no summary or the id of another: %q", method, path, operation.OperationID)
			}
			ids[operation.OperationID] = true
			if strings.Contains(path, "{id}") && !slices.ContainsFunc(operation.Parameters, isID) {
				t.Errorf("%s %s does not document id", method, path)
			}
			if (method == "post" && !bare.MatchString(path)) != (operation.RequestBody != nil) {
				t.Errorf("%s %s: request body", method, path)
			}
			if (strings.HasPrefix(path, "/v1/") || path == "/metrics" || path == "/mcp") != (len(operation.Security) > 0) {
				t.Errorf("%s %s: security", method, path)
			}
		}
	}
	for _, ref := range d.refs {
		group, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
		if group == "schemas" && d.Components.Schemas[name] == nil || group == "responses" && d.Components.Responses[name] == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	}
}

// What is posted without a body.
var bare = regexp.MustCompile(`/(cancel|retry|keep|redeliver)$`)

func isID(param struct{ Name, In string }) bool { return param.Name == "id" && param.In == "path" }

// Every option that the decoder knows is documented, in bodies and in query
// text, and nothing is documented that it would warn about.
func TestOpenAPIKnowsEveryOption(t *testing.T) {
	r := newRig(t)
	d := readDocument(t)
	for _, name := range []string{"BatchRequest", "SitemapRequest", "ScreenshotRequest"} {
		var schema struct{ Properties map[string]json.RawMessage }
		if err := json.Unmarshal(d.Components.Schemas[name], &schema); err != nil {
			t.Fatal(err)
		}
		for _, option := range darkroom.OptionTable() {
			if schema.Properties[option.Name] == nil {
				t.Errorf("%s lacks %s", name, option.Name)
			}
		}
		body := map[string]any{}
		for property := range schema.Properties {
			body[property] = nil
		}
		path := "/v1/screenshot"
		switch name {
		case "BatchRequest":
			path, body["urls"] = "/v1/batch", []string{"https://example.com/"}
		case "SitemapRequest":
			path, body["sitemap_url"] = "/v1/sitemap", "https://example.com/"
		default:
			body["url"] = "https://example.com/"
		}
		got := r.send("POST", path, string(must(json.Marshal(body))(t)), "Darkroom-Strict", "1")
		if got.status >= http.StatusBadRequest {
			t.Errorf("%s documents what is refused: %s", name, got.body)
		}
	}
	for _, param := range d.Paths["/v1/screenshot"]["get"].Parameters {
		if _, known := darkroom.FindOption(param.Name); param.In == "query" && !known && param.Name != "url" {
			t.Errorf("GET /v1/screenshot documents %s", param.Name)
		}
	}
}

// matchesDocument checks an answer against what the document says of it: the
// status, the media type, and each field of a JSON body.
func matchesDocument(t *testing.T, method, target string, got answer) {
	t.Helper()
	parsed := must(url.Parse(target))(t)
	path := regexp.MustCompile(`^/v1/jobs/[^/]+`).ReplaceAllString(parsed.Path, "/v1/jobs/{id}")
	path = regexp.MustCompile(`^/v1/keys/[^/]+`).ReplaceAllString(path, "/v1/keys/{id}")
	path = regexp.MustCompile(`^/v1/webhooks/deliveries/[^/]+`).ReplaceAllString(path, "/v1/webhooks/deliveries/{id}")
	path = regexp.MustCompile(`/captures/[^/]+`).ReplaceAllString(path, "/captures/{index}")
	d := readDocument(t)
	operation, found := d.Paths[path][strings.ToLower(method)]
	if !found {
		expect(t, "status of what is not documented", got.status == 404 || got.status == 405, true)
		return
	}
	response, found := operation.Responses[strconv.Itoa(got.status)]
	if !found {
		t.Errorf("%s %s is not documented to answer %d, only %v", method, path, got.status, slices.Sorted(maps.Keys(operation.Responses)))
		return
	}
	if response.Ref != "" {
		if err := json.Unmarshal(d.Components.Responses[strings.TrimPrefix(response.Ref, "#/components/responses/")], &response); err != nil {
			t.Fatal(err)
		}
	}
	if len(response.Content) == 0 && len(got.body) == 0 {
		return
	}
	media, _, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	content, found := response.Content[media]
	if err != nil || !found {
		t.Errorf("%s %s is not documented to answer %q", method, path, media)
		return
	}
	if media == "application/json" {
		validate(t, d, content.Schema, got.body)
	}
}

// validate lets huma check a body; here, unlike in the document, a field that
// is not documented is a fault.
func validate(t *testing.T, d document, raw json.RawMessage, body []byte) {
	t.Helper()
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	for name, text := range d.Components.Schemas {
		registry.Map()[name] = readSchema(t, text)
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
	var result huma.ValidateResult
	huma.Validate(registry, readSchema(t, raw), huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &result)
	for _, fault := range result.Errors {
		t.Errorf("the answer is not as documented: %v\n%s", fault, body)
	}
}

// readSchema reads the few words of JSON Schema that the document uses.
func readSchema(t *testing.T, text json.RawMessage) *huma.Schema {
	t.Helper()
	var raw struct {
		Ref        string `json:"$ref"`
		Type       any
		Format     string
		Enum       []any
		Required   []string
		Properties map[string]json.RawMessage
		Items      json.RawMessage
		Minimum    *float64
		Maximum    *float64
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	schema := &huma.Schema{Ref: raw.Ref, Format: raw.Format, Enum: raw.Enum, Required: raw.Required, Minimum: raw.Minimum, Maximum: raw.Maximum}
	switch kind := raw.Type.(type) {
	case string:
		schema.Type = kind
	case []any:
		schema.Type, schema.Nullable = fmt.Sprint(kind[0]), slices.Contains(kind, any("null"))
	}
	if raw.Items != nil {
		schema.Items = readSchema(t, raw.Items)
	}
	if raw.Properties != nil {
		schema.Properties, schema.AdditionalProperties = map[string]*huma.Schema{}, false
		for name, property := range raw.Properties {
			schema.Properties[name] = readSchema(t, property)
		}
	}
	schema.PrecomputeMessages()
	return schema
}

// servedDocument is the document of a server with the rig's version and
// limits, fetched once.
var servedDocument = sync.OnceValue(fetchDocument)

func fetchDocument() []byte {
	recorder := httptest.NewRecorder()
	api.New(api.Config{Version: "1.2.3"}).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	return recorder.Body.Bytes()
}
