package client_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"testing"

	"darkroom"
	"darkroom/client"
)

func TestRequestsAndVariantsOnTheWire(t *testing.T) {
	var sent string
	c, _ := serve(t, map[string]http.HandlerFunc{"POST /v1/batch": func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = r.URL.Path + " " + string(body)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"id":"a","progress":{"total":4},"total_urls":2,"variants":2}`)
	}})
	params := client.Params{
		Options:  darkroom.Options{FullPage: true},
		Variants: []client.Variant{{}, {Name: "phone", Options: client.Options{"device": "iPhone 14", "full_page": false}}},
	}
	requests := []client.Request{{URL: "https://a.example"}, {URL: "https://b.example", Options: client.Options{"width": 800}}}
	job, err := c.BatchRequests(t.Context(), requests, params)
	if err != nil {
		t.Fatal(err)
	}
	const want = `/v1/batch {"requests":[{"url":"https://a.example"},{"url":"https://b.example","width":800}],"full_page":true,` +
		`"variants":[{},{"device":"iPhone 14","full_page":false,"name":"phone"}]}`
	if sent != want {
		t.Errorf("sent %s\nwant %s", sent, want)
	}
	if job.Variants != 2 || *job.TotalURLs != 2 || job.Progress.Total != 4 {
		t.Errorf("job %+v", job)
	}
}

func TestRequestsAreReadAsTheyAreWritten(t *testing.T) {
	var requests []client.Request
	err := json.Unmarshal([]byte(`[{"url":"https://a.example","full_page":true},{"width":1}]`), &requests)
	want := []client.Request{{URL: "https://a.example", Options: client.Options{"full_page": true}}, {Options: client.Options{"width": 1.0}}}
	if err != nil || !reflect.DeepEqual(requests, want) {
		t.Errorf("read %+v, %v", requests, err)
	}
	for _, wrong := range []string{`[{"url":7}]`, `["https://a.example"]`} {
		if err := json.Unmarshal([]byte(wrong), &requests); err == nil {
			t.Errorf("%s was read", wrong)
		}
	}
	var variants []client.Variant
	if err := json.Unmarshal([]byte(`[{"name":"a","width":400}]`), &variants); err != nil || variants[0].Name != "a" || variants[0].Options["width"] != 400.0 {
		t.Errorf("read %+v, %v", variants, err)
	}
}
