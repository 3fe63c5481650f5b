package client

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
)

// Options are options by their names on the wire, such as "full_page": true.
// Only what is named counts, false and 0 too.
type Options map[string]any

// Request is one URL of a batch with options of its own, which lie over those
// of the batch.
type Request struct {
	URL     string
	Options Options
}

// Variant is one of several ways in which each URL of a job is captured. Its
// options lie over all others.
type Variant struct {
	Name    string // ends the names of its files; "" = v1, v2, … by its place
	Options Options
}

// BatchRequests is Batch for URLs with options of their own.
func (c *Client) BatchRequests(ctx context.Context, requests []Request, params Params) (Job, error) {
	body := struct {
		Requests []Request `json:"requests"`
		Params
		paceWire
	}{requests, params, params.pace()}
	return c.create(ctx, "/v1/batch", body, params.IdempotencyKey)
}

// MarshalJSON gives one object, as it goes over the wire.
func (r Request) MarshalJSON() ([]byte, error) { return r.Options.with("url", r.URL) }

// UnmarshalJSON reads what MarshalJSON gives.
func (r *Request) UnmarshalJSON(text []byte) (err error) {
	r.URL, r.Options, err = without("url", text)
	return err
}

// MarshalJSON gives one object, as it goes over the wire.
func (v Variant) MarshalJSON() ([]byte, error) { return v.Options.with("name", v.Name) }

// UnmarshalJSON reads what MarshalJSON gives.
func (v *Variant) UnmarshalJSON(text []byte) (err error) {
	v.Name, v.Options, err = without("name", text)
	return err
}

func (o Options) with(name, value string) ([]byte, error) {
	wire := map[string]any{}
	maps.Copy(wire, o)
	if value != "" {
		wire[name] = value
	}
	return json.Marshal(wire)
}

// without takes one member, which is text, from an object.
func without(name string, text []byte) (value string, options Options, err error) {
	if err := json.Unmarshal(text, &options); err != nil {
		return "", nil, fmt.Errorf("read the options: %w", err)
	}
	if member, there := options[name]; there {
		known, isText := member.(string)
		if !isText {
			return "", nil, fmt.Errorf("%s is not text", name)
		}
		value = known
		delete(options, name)
	}
	return value, options, nil
}
