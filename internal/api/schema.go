package api

import (
	"reflect"
	"strconv"
	"strings"

	"darkroom"

	"github.com/danielgtaylor/huma/v2"
)

// Names of the schemas that no Go type stands for.
const (
	batchSchema      = "BatchRequest"
	screenshotSchema = "ScreenshotRequest"
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
	schemas[batchSchema] = requestSchema(registry, jobFields(limits), "urls")
	schemas[screenshotSchema] = requestSchema(registry, map[string]*huma.Schema{
		"url": text("The page to capture.", darkroom.MaxURLBytes),
	}, "url")
}

func requestSchema(registry huma.Registry, own map[string]*huma.Schema, required string) *huma.Schema {
	for _, option := range darkroom.OptionTable() {
		own[option.Name] = optionSchema(registry, option)
	}
	return &huma.Schema{
		Type: huma.TypeObject, Properties: own, Required: []string{required}, AdditionalProperties: true,
		Description: "Unknown names are ignored and named in warnings, or refused with the header " + strictHeader + ": 1.",
	}
}

func jobFields(limits Limits) map[string]*huma.Schema {
	list := func(schema *huma.Schema, least, most int) *huma.Schema {
		return &huma.Schema{Type: huma.TypeArray, Items: schema, MinItems: &least, MaxItems: &most}
	}
	seconds := int(limits.Retention.Seconds())
	return map[string]*huma.Schema{
		"urls":             list(text("An http or https URL.", darkroom.MaxURLBytes), 1, limits.MaxURLs),
		"callback_url":     text("Webhook that is told when the job has ended.", darkroom.MaxCallbackURLBytes),
		"name":             text("A name to find the job by.", darkroom.MaxNameBytes),
		"tags":             list(text("A word to find jobs by.", darkroom.MaxTagBytes), 0, darkroom.MaxTags),
		"priority":         enumeration("Normal goes before low, among the jobs of the key.", darkroom.PriorityNormal, darkroom.PriorityLow),
		"retention":        integer("How long results live after the end of the job, in s.", 1, seconds, seconds),
		"host_concurrency": integer("Captures of one host at once, over all jobs of the key.", 1, darkroom.MaxHostConcurrency, darkroom.DefaultHostConcurrency),
		"host_delay":       integer("Least time between two captures of one host, in ms.", 0, int(darkroom.MaxHostDelay.Milliseconds()), 0),
	}
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
		if name != batchSchema && name != screenshotSchema {
			schema.AdditionalProperties = nil
		}
	}
	job := schemas["Job"].Properties
	job["status"] = enumeration("", darkroom.JobStatuses()...)
	job["type"] = enumeration("", darkroom.KindBatch, darkroom.KindSitemap)
	for name := range schemas["Progress"].Properties {
		schemas["Progress"].Properties[name].Description = "An integer literal."
	}
	schemas["Failure"].Properties["error_code"] = enumeration("Why the capture failed, with capture_failed.", darkroom.CaptureCodes()...)
}
