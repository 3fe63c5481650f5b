package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"

	"darkroom"

	"github.com/danielgtaylor/huma/v2"
)

// operation is the documentation of a route: what its path, its access and the
// Go types do not tell.
type operation struct {
	id      string
	summary string
	about   string
	tag     string
	costly  bool // a GET that HEAD must not stand for
	endless bool // a GET whose answer goes on and on, so that HEAD means nothing

	params []*huma.Param
	body   string       // name of the schema of the request body; "" = none
	status int          // of the good answer
	answer reflect.Type // of the good answer; nil = media
	second *goodAnswer  // another one; nil = none
	media  []string     // of a good answer that is no JSON
	also   map[int]string
	errors []int
}

// goodAnswer is a JSON answer besides the usual one.
type goodAnswer struct {
	status int
	when   string
	answer reflect.Type
}

func (g goodAnswer) response(registry huma.Registry) *huma.Response {
	response := operation{answer: g.answer}.good(registry)
	response.Description = g.when
	return response
}

func (s *server) serveOpenAPI(w http.ResponseWriter, _ *http.Request, _ darkroom.APIKey) error {
	writeBody(w, http.StatusOK, "application/json", s.openapi)
	return nil
}

// Document is the OpenAPI document of a server with these settings, as
// /openapi.json gives it. Of config it needs Version, Limits and Front.
func Document(config Config) []byte {
	s := &server{Config: config.withDefaults()}
	return documentText(s.routes(), s.Version, s.Limits, s.Front.base())
}

// documentText is the OpenAPI document of the routes. It is made once, from
// settings and values that are fixed at compile time: what cannot become JSON is a bug.
func documentText(routes []route, version string, limits Limits, base string) []byte {
	text, err := json.Marshal(newDocument(routes, version, limits, base))
	if err != nil {
		panic("the OpenAPI document is no JSON: " + err.Error())
	}
	return text
}

func newDocument(routes []route, version string, limits Limits, base string) *huma.OpenAPI {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	addRequestSchemas(registry, limits)
	failure := registry.Schema(reflect.TypeFor[FailureAnswer](), true, "")
	document := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Darkroom", Version: version,
			Description: "Screenshots in bulk. Post a batch, watch its job, download one ZIP. " +
				"Every error has the same shape. Clients may send numbers and booleans as text, and zero values for what is not set.",
		},
		Servers: []*huma.Server{{URL: cmp.Or(base, "/"), Description: "This server."}},
		Components: &huma.Components{
			Schemas: registry,
			Responses: map[string]*huma.Response{"Failure": {
				Description: "Any error.",
				Content:     map[string]*huma.MediaType{"application/json": {Schema: failure}},
			}},
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer", Description: "An API key: sk_live_…"},
				"apiKey": {Type: "apiKey", In: "header", Name: "X-API-Key", Description: "The same key in a header of its own."},
			},
		},
	}
	for _, route := range routes {
		for _, one := range route.operations(registry) {
			document.AddOperation(one)
		}
	}
	refine(registry)
	return document
}

// operations are the route's own and, where it answers HEAD on purpose, that
// one too.
func (r route) operations(registry huma.Registry) []*huma.Operation {
	operation := r.operation(registry)
	if r.doc.media == nil || r.method != http.MethodGet || r.doc.costly || r.doc.endless {
		return []*huma.Operation{operation}
	}
	head := *operation
	head.Method, head.OperationID = http.MethodHead, operation.OperationID+"Head"
	head.Summary += ", headers only"
	return []*huma.Operation{operation, &head}
}

func (r route) operation(registry huma.Registry) *huma.Operation {
	doc := r.doc
	operation := &huma.Operation{
		Method: r.method, Path: r.path, OperationID: doc.id,
		Summary: doc.summary, Description: doc.about, Tags: []string{doc.tag},
		Parameters: doc.params,
		Responses:  map[string]*huma.Response{strconv.Itoa(doc.status): doc.good(registry)},
	}
	if other := doc.second; other != nil {
		operation.Responses[strconv.Itoa(other.status)] = other.response(registry)
	}
	for status, description := range doc.also {
		operation.Responses[strconv.Itoa(status)] = &huma.Response{Description: description}
	}
	failures := doc.errors
	if r.access != open {
		failures = append([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests}, failures...)
		describeRates(operation.Responses[strconv.Itoa(doc.status)])
		operation.Security = []map[string][]string{{"bearer": {}}, {"apiKey": {}}}
	} else {
		operation.Security = []map[string][]string{}
	}
	for _, status := range failures {
		operation.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/Failure"}
	}
	if doc.body != "" {
		operation.RequestBody = &huma.RequestBody{
			Required: true,
			Content:  map[string]*huma.MediaType{"application/json": {Schema: reference(doc.body)}},
		}
	}
	return operation
}

func (o operation) good(registry huma.Registry) *huma.Response {
	response := &huma.Response{
		Description: "As asked for.",
		Headers: map[string]*huma.Param{
			requestIDHeader: {Description: "Names this request in the server's log.", Schema: &huma.Schema{Type: huma.TypeString}},
		},
		Content: map[string]*huma.MediaType{},
	}
	for _, media := range o.media {
		response.Content[media] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	if o.answer != nil {
		response.Content["application/json"] = &huma.MediaType{Schema: registry.Schema(o.answer, true, "")}
	}
	return response
}

func reference(name string) *huma.Schema {
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}
