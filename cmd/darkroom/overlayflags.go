package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"darkroom/client"
)

// variantsFlag reads --variants: a file with a list of objects, or the list
// itself.
type variantsFlag struct{ variants *[]client.Variant }

func (f *variantsFlag) String() string { return "" }
func (f *variantsFlag) Type() string   { return "file" }
func (f *variantsFlag) Set(text string) error {
	content := []byte(text)
	if text == "" || text[0] != '[' {
		var err error
		if content, err = os.ReadFile(text); err != nil {
			return fmt.Errorf("read the variants: %w", err)
		}
	}
	if err := json.Unmarshal(content, f.variants); err != nil {
		return fmt.Errorf("a list of objects is needed, such as [{\"name\": \"phone\", \"device\": \"iPhone 14\"}]: %w", err)
	}
	return nil
}

func addVariants(flags *pflag.FlagSet, variants *[]client.Variant) {
	flags.Var(&variantsFlag{variants}, "variants", "JSON `file` with a list of options, or the list: each page is captured in each")
}

// requestsFrom reads a list of objects with a url and options of its own.
func (p *program) requestsFrom(file string) ([]client.Request, error) {
	var content []byte
	var err error
	if file == "-" {
		content, err = io.ReadAll(p.stdin)
	} else {
		content, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, usage("read the requests: %v", err)
	}
	var requests []client.Request
	if err := json.Unmarshal(content, &requests); err != nil || len(requests) == 0 {
		return nil, usage(`--requests: %s must hold a list such as [{"url": "https://example.com", "full_page": true}]`, file)
	}
	for i, request := range requests {
		if request.URL != "" {
			requests[i].URL = withScheme(request.URL)
		}
	}
	return requests, nil
}
