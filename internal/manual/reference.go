package manual

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"darkroom"
)

// reference writes the page about every route, as Markdown.
func reference(openAPI []byte) (string, error) {
	d, err := readDocument(openAPI)
	if err != nil {
		return "", err
	}
	w := &writer{document: d, shown: map[string]bool{}, options: map[string]bool{}}
	for _, option := range darkroom.OptionTable() {
		w.options[option.Name] = true
	}
	w.say("# API reference\n\nEvery route of version %s, made from [openapi.json](/openapi.json), which is OpenAPI 3.1. [API](api.md) says how they work together.\n\n"+
		"Examples for the shell take the server's address from `$DR` and the key from `$KEY`; those in Node and Go are parts of a function, "+
		"with what `$ID` is in the shell as `id`.\n", d.Info.Version)
	w.block("sh", "export DR="+exampleAddress+" KEY=sk_live_…")
	w.block("js", "import { Darkroom } from 'darkroom-client';\n\nconst client = new Darkroom(key, { baseUrl: server });")
	w.block("go", "c := client.New(server, key) // darkroom/client\nfmt.Println(c.Health(ctx))")
	for _, tag := range d.tags() {
		w.say("\n## %s\n", tag)
		for _, one := range d.operations(tag) {
			if err := w.operation(one); err != nil {
				return "", err
			}
		}
	}
	w.objects()
	return w.text.String(), nil
}

type writer struct {
	document document
	text     strings.Builder
	shown    map[string]bool // schemas that an answer leads to
	options  map[string]bool // names of the options of a capture
}

func (w *writer) say(format string, args ...any) { fmt.Fprintf(&w.text, format, args...) }

func (w *writer) block(language, code string) {
	w.say("\n```%s\n%s\n```\n", language, code)
}

func (w *writer) operation(one operation) error {
	w.say("\n### %s %s\n\n%s.", one.Method, one.Path, one.Summary)
	if len(one.Security) == 0 {
		w.say(" Needs no key.")
	}
	if one.Description != "" {
		w.say("\n\n%s", one.Description)
	}
	w.say("\n")
	w.parameters(one)
	w.body(one)
	w.answers(one)
	return w.examples(one)
}

func (w *writer) parameters(one operation) {
	var rows strings.Builder
	hasOptions := false
	for _, p := range one.Parameters {
		if p.In == "query" && w.options[p.Name] {
			hasOptions = true
			continue
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s | %s | %s |\n", p.Name, p.In, p.Schema.kind(), p.Schema.preset(), sentence(p.Description, p.Schema))
	}
	if rows.Len() > 0 {
		w.say("\n| parameter | in | type | default | |\n|---|---|---|---|---|\n%s", rows.String())
	}
	if hasOptions {
		w.say("\nEvery [option of a capture](options.md) is a parameter of the query too.\n")
	}
}

func (w *writer) body(one operation) {
	if one.RequestBody == nil {
		return
	}
	for _, content := range one.RequestBody.Content {
		s := w.resolve(content.Schema)
		w.say("\n| field of the body | type | default | |\n|---|---|---|---|\n")
		hasOptions := false
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if w.options[name] {
				hasOptions = true
				continue
			}
			field := s.Properties[name]
			about := sentence(field.Description, field)
			if slices.Contains(s.Required, name) {
				about = "Required. " + about
			}
			w.say("| `%s` | %s | %s | %s |\n", name, field.kind(), field.preset(), about)
			w.remember(field)
		}
		if hasOptions {
			w.say("\nAnd every [option of a capture](options.md).\n")
		}
	}
}

func (w *writer) answers(one operation) {
	w.say("\n| answer | |\n|---|---|\n")
	var failures []string
	for _, status := range slices.Sorted(maps.Keys(one.Responses)) {
		answer := one.Responses[status]
		if answer.Ref != "" {
			failures = append(failures, status)
			continue
		}
		var kinds []string
		for _, kind := range slices.Sorted(maps.Keys(answer.Content)) {
			content := answer.Content[kind].Schema
			w.remember(content)
			if content.Ref != "" {
				kind += ", " + content.kind()
			}
			kinds = append(kinds, kind)
		}
		w.say("| %s | %s %s |\n", status, answer.Description, strings.Join(kinds, "; "))
	}
	if len(failures) > 0 {
		w.say("| %s | [An error](errors.md#requests) |\n", strings.Join(failures, ", "))
	}
}

// remember has an object explained at the end of the page, and those in it.
func (w *writer) remember(s schema) {
	if name := s.name(); name != "" && !w.shown[name] {
		w.shown[name] = true
		s = w.resolve(s)
	}
	if s.Items != nil {
		w.remember(*s.Items)
	}
	for name, field := range s.Properties {
		if !w.options[name] {
			w.remember(field)
		}
	}
}

func (w *writer) resolve(s schema) schema {
	if s.Ref == "" {
		return s
	}
	return w.document.Components.Schemas[s.name()]
}

func (w *writer) objects() {
	w.say("\n## Objects\n\nFields that may be null say so; a field that is not always there says “if any”.\n")
	w.remember(schema{Ref: "#/components/schemas/Failure"})
	for _, name := range slices.Sorted(maps.Keys(w.shown)) {
		s := w.document.Components.Schemas[name]
		w.say("\n### %s\n\n%s\n\n| field | type | |\n|---|---|---|\n", name, s.Description)
		for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
			one := s.Properties[field]
			kind := one.kind()
			if !slices.Contains(s.Required, field) {
				kind += ", if any"
			}
			w.say("| `%s` | %s | %s |\n", field, kind, sentence(one.Description, one))
		}
	}
}

// sentence is a description with the bounds of its value.
func sentence(about string, s schema) string {
	if bounds := s.bounds(); bounds != "" {
		about = strings.TrimSpace(about + " (" + bounds + ")")
	}
	return strings.ReplaceAll(about, "|", `\|`)
}
