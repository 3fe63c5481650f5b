package manual

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// document is what the reference needs of an OpenAPI document.
type document struct {
	Info struct {
		Title, Version, Description string
	}
	Paths      map[string]map[string]operation
	Components struct {
		Schemas map[string]schema
	}
}

type operation struct {
	Method, Path string `json:"-"`

	ID          string `json:"operationId"`
	Summary     string
	Description string
	Tags        []string
	Parameters  []parameter
	RequestBody *struct{ Content map[string]media }
	Responses   map[string]response
	Security    []map[string][]string
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Schema                schema
}

type media struct{ Schema schema }

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]media
}

type schema struct {
	Ref         string `json:"$ref"`
	Type        any
	Format      string
	Description string
	Default     any
	Enum        []any
	Minimum     *float64
	Maximum     *float64
	MaxLength   int
	MaxItems    int
	Items       *schema
	Properties  map[string]schema
	Required    []string
	AnyOf       []schema
}

func readDocument(text []byte) (document, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	return d, nil
}

// operations gives those of one tag, by path; not those that send only the
// headers of another.
func (d document) operations(tag string) []operation {
	var all []operation
	for path, methods := range d.Paths {
		for method, one := range methods {
			if slices.Contains(one.Tags, tag) && method != "head" {
				one.Method, one.Path = strings.ToUpper(method), path
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(methodOrder(a.Method), methodOrder(b.Method)))
	})
	return all
}

func methodOrder(method string) int { return slices.Index([]string{"GET", "POST", "DELETE"}, method) }

// tags gives those there are, the largest subject first.
func (d document) tags() []string {
	count := map[string]int{}
	for _, methods := range d.Paths {
		for _, one := range methods {
			for _, tag := range one.Tags {
				count[tag]++
			}
		}
	}
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
}

// name is that of the schema that a reference leads to; "" = it is none.
func (s schema) name() string { return strings.TrimPrefix(s.Ref, "#/components/schemas/") }

// kind tells the type in words, with a link to an object that has a name.
func (s schema) kind() string {
	if s.Ref != "" {
		return fmt.Sprintf("[%s](#%s)", s.name(), slug(s.name()))
	}
	word := typeWord(s.Type)
	switch {
	case s.Items != nil:
		return strings.Replace(word, "array", "list of "+s.Items.kind(), 1)
	case s.Format == "date-time":
		return strings.Replace(word, "string", "time", 1)
	case word == "":
		return "any"
	}
	return word
}

func typeWord(kind any) string {
	switch kind := kind.(type) {
	case string:
		return kind
	case []any:
		words := make([]string, 0, len(kind))
		for _, one := range kind {
			words = append(words, fmt.Sprint(one))
		}
		return strings.Join(words, " or ")
	}
	return ""
}

// bounds tells what a value may be.
func (s schema) bounds() string {
	switch {
	case len(s.Enum) > 0:
		words := make([]string, 0, len(s.Enum))
		for _, one := range s.Enum {
			words = append(words, fmt.Sprintf("`%v`", one))
		}
		return strings.Join(words, ", ")
	case s.Minimum != nil && s.Maximum != nil:
		return fmt.Sprintf("%v–%v", *s.Minimum, *s.Maximum)
	case s.Minimum != nil:
		return fmt.Sprintf("≥ %v", *s.Minimum)
	case s.MaxLength > 0:
		return fmt.Sprintf("≤ %d bytes", s.MaxLength)
	case s.MaxItems > 0:
		return fmt.Sprintf("≤ %d entries", s.MaxItems)
	}
	return ""
}

func (s schema) preset() string {
	if s.Default == nil || s.Default == false || s.Default == "" {
		return ""
	}
	text, err := json.Marshal(s.Default)
	if err != nil {
		return ""
	}
	return "`" + strings.Trim(string(text), `"`) + "`"
}
