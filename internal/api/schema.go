package api

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"darkroom"

	"github.com/danielgtaylor/huma/v2"
)

// Names of the schemas that no Go type stands for.
const (
	batchSchema      = "BatchRequest"
	sitemapSchema    = "SitemapRequest"
	screenshotSchema = "ScreenshotRequest"
	messageSchema    = "Message"
)

// schemaName is the name of a Go type in the document: JobAnswer is a Job
// there.
func schemaName(t reflect.Type, hint string) string {
	return strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "Answer")
}

// addRequestSchemas describes the request bodies from the option table, which
// also decodes them.
func addRequestSchemas(registry huma.Registry, limits Limits) {
	schemas := registry.Map()
	schemas[batchSchema] = requestSchema(registry, batchFields(registry, limits), "")
	schemas[batchSchema].AnyOf = []*huma.Schema{{Required: []string{"urls"}}, {Required: []string{"requests"}}}
	schemas[sitemapSchema] = requestSchema(registry, sitemapFields(registry, limits), "sitemap_url")
	schemas[screenshotSchema] = requestSchema(registry, map[string]*huma.Schema{
		"url": text("The page to capture.", darkroom.MaxURLBytes),
	}, "url")
	schemas[messageSchema] = &huma.Schema{
		Type: huma.TypeObject, Description: "JSON-RPC 2.0, as the Model Context Protocol says.", AdditionalProperties: true,
		Properties: map[string]*huma.Schema{"jsonrpc": {Type: huma.TypeString}, "method": {Type: huma.TypeString}}, Required: []string{"jsonrpc"},
	}
	addKeySchemas(schemas)
	addWebhookSchemas(schemas)
}

func requestSchema(registry huma.Registry, own map[string]*huma.Schema, required string) *huma.Schema {
	schema := optionsSchema(registry, own, required)
	schema.Description = "Unknown names are ignored and named in warnings, or refused with the header " + strictHeader + ": 1."
	return schema
}

// optionsSchema is an object that has every option beside what is its own.
func optionsSchema(registry huma.Registry, own map[string]*huma.Schema, required string) *huma.Schema {
	for _, option := range darkroom.OptionTable() {
		own[option.Name] = optionSchema(registry, option)
	}
	schema := &huma.Schema{Type: huma.TypeObject, Properties: own, AdditionalProperties: true}
	if required != "" {
		schema.Required = []string{required}
	}
	return schema
}

func optionSchema(registry huma.Registry, option darkroom.Option) *huma.Schema {
	schema := &huma.Schema{Description: option.Doc}
	switch option.Kind {
	case darkroom.OptionInteger:
		schema = integer(option.Doc+unitOf(option), option.Min, option.Max, 0)
		schema.Default = defaultOf(option)
	case darkroom.OptionBoolean:
		schema.Type, schema.Default = huma.TypeBoolean, false
	case darkroom.OptionText:
		schema = text(option.Doc, option.Max)
		if option.Enum != nil {
			schema = enumeration(option.Doc, option.Enum...)
		}
		schema.Default = defaultOf(option)
	case darkroom.OptionTexts:
		schema.Type, schema.Items, schema.MaxItems = huma.TypeArray, &huma.Schema{Type: huma.TypeString}, &option.Max
		schema.Default = defaultOf(option)
	case darkroom.OptionObject:
		schema = objectSchema(registry, option)
	}
	return schema
}

// objectSchema finds the shape in Options: its field of that JSON name.
func objectSchema(registry huma.Registry, option darkroom.Option) *huma.Schema {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[darkroom.Options]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != option.Name {
			continue
		}
		t := field.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		schema := *registry.Schema(t, false, option.Name)
		schema.Description, schema.Nullable = option.Doc, false
		return &schema
	}
	panic("no field of Options has the JSON name " + option.Name)
}

func defaultOf(option darkroom.Option) any {
	if option.Default == "" {
		return nil
	}
	switch option.Kind {
	case darkroom.OptionInteger:
		if number, err := strconv.Atoi(option.Default); err == nil {
			return number
		}
	case darkroom.OptionTexts:
		return strings.Split(option.Default, ",")
	}
	return option.Default
}

func unitOf(option darkroom.Option) string {
	if option.Unit == "" {
		return ""
	}
	return " In " + option.Unit + "."
}

// queryParams are the options as query text, where an object is JSON.
func queryParams() []*huma.Param {
	registry := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
	params := []*huma.Param{{
		Name: "url", In: "query", Required: true, Description: "The page to capture.",
		Schema: text("", darkroom.MaxURLBytes),
	}}
	for _, option := range darkroom.OptionTable() {
		schema := optionSchema(registry, option)
		about := option.Doc
		if option.Kind == darkroom.OptionObject {
			schema, about = &huma.Schema{Type: huma.TypeString}, option.Doc+" As JSON."
		}
		schema.Description = ""
		params = append(params, &huma.Param{Name: option.Name, In: "query", Description: about, Schema: schema})
	}
	return params
}

func text(about string, most int) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: about, MaxLength: &most}
}

func integer(about string, least, most, standard int) *huma.Schema {
	low, high := float64(least), float64(most)
	return &huma.Schema{Type: huma.TypeInteger, Description: about, Minimum: &low, Maximum: &high, Default: standard}
}

func enumeration[T ~string](about string, values ...T) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeString, Description: about}
	for _, value := range values {
		schema.Enum = append(schema.Enum, string(value))
	}
	return schema
}

// refine writes into the schemas of Go types what Go has no types for: the
// closed lists of words, and that answers may get more fields one day.
func refine(registry huma.Registry) {
	schemas := registry.Map()
	for name, schema := range schemas {
		if !slices.Contains([]string{batchSchema, sitemapSchema, screenshotSchema, keySchema, rotationSchema, webhookTestSchema}, name) {
			schema.AdditionalProperties = nil
		}
	}
	job := schemas["Job"].Properties
	job["status"] = enumeration("", darkroom.JobStatuses()...)
	job["type"] = enumeration("", darkroom.KindBatch, darkroom.KindSitemap)
	for name := range schemas["Progress"].Properties {
		schemas["Progress"].Properties[name].Description = "An integer literal."
	}
	schemas["Failure"].Properties["error_code"] = enumeration("Why the capture failed or the sitemap could not be read, with capture_failed.",
		append(darkroom.CaptureCodes(), darkroom.SitemapCodes()...)...)
	refinePlan(schemas)
	refineResults(schemas)
	refineKeys(schemas)
	refineWebhooks(schemas)
}

func refinePlan(schemas map[string]*huma.Schema) {
	schemas["PlannedURL"].Properties["refused"] = enumeration("Why this capture would fail without being taken.", darkroom.CodeRobotsDenied)
	schemas["SkippedURL"].Properties["reason"] = enumeration("", darkroom.SkipReasons()...)
	plan := schemas["Plan"].Properties
	for name, about := range map[string]string{
		"urls":    "The captures of the job, in their order.",
		"skipped": "What would not be captured; the numbers in discovery are complete.",
	} {
		plan[name].Description, plan[name].Nullable = about, false
	}
	plan["skipped"].MaxItems = new(darkroom.MaxPlanSkipped)
	plan["total"].Description = "Pages that would be captured; URLs that are refused are not among them."
	orNull(plan, "estimate", schemas["Estimate"],
		"How long the job would take with nothing else to do; null when there is nothing to capture, or no speed is known yet.")
	delete(schemas, "Estimate")
}

// orNull writes a struct behind a pointer without omitempty as what it is: huma
// knows no reference that may be null.
func orNull(properties map[string]*huma.Schema, name string, inner *huma.Schema, about string) {
	schema := *inner
	schema.Nullable, schema.Description = true, about
	properties[name] = &schema
}
