package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"darkroom"
	"darkroom/client"
)

// resultsPage answers with captures of these indexes.
func resultsPage(next string, indexes ...int) http.HandlerFunc {
	results := ""
	for i, index := range indexes {
		if i > 0 {
			results += ","
		}
		results += fmt.Sprintf(`{"index":%d,"url":"http://127.0.0.1/","filename":null,"success":false,"error":"no","error_code":"timeout",
			"duration_ms":7,"attempts":1,"warnings":[],"state":"failed","evidence":{"console":[{"text":"oh"}]},
			"image_url":null,"thumbnail_url":null,"last_frame_url":"/x"}`, index)
	}
	return answer(200, fmt.Sprintf(`{"job_id":%q,"status":"processing","results":[%s],"next_cursor":%s}`, jobID, results, next))
}

func TestResultsGoThroughAllPages(t *testing.T) {
	var queries []string
	steps := script(resultsPage(`"2"`, 1, 2), resultsPage(`"3"`, 3), resultsPage("null"))
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /v1/jobs/" + jobID + "/results": func(w http.ResponseWriter, r *http.Request) {
			queries = append(queries, r.URL.RawQuery)
			steps(w, r)
		},
	})
	var seen []int
	for result, err := range c.Results(t.Context(), jobID, client.ResultParams{State: darkroom.CaptureFailed}) {
		if err != nil {
			t.Fatal(err)
		}
		if result.State != darkroom.CaptureFailed || result.ErrorCode != darkroom.CodeTimeout || result.DurationMS != 7 ||
			result.Evidence == nil || result.Evidence.Console[0].Text != "oh" || result.ImageURL != nil || *result.LastFrameURL != "/x" {
			t.Errorf("result %+v", result)
		}
		seen = append(seen, result.Index)
	}
	want := []string{"limit=200&state=failed", "cursor=2&limit=200&state=failed", "cursor=3&limit=200&state=failed"}
	if !slices.Equal(seen, []int{1, 2, 3}) || !slices.Equal(queries, want) {
		t.Errorf("captures %v by %v", seen, queries)
	}
}

func TestResultsEndWithTheirError(t *testing.T) {
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /v1/jobs/" + jobID + "/results": script(resultsPage(`"1"`, 1), answer(404, failure(404, "not_found"))),
	})
	var seen int
	var last error
	for _, err := range c.Results(t.Context(), jobID, client.ResultParams{}) {
		seen, last = seen+1, err
	}
	if seen != 2 || !errors.Is(last, client.ErrNotFound) {
		t.Errorf("%d times, the last with %v", seen, last)
	}
	for _, err := range c.Results(t.Context(), "", client.ResultParams{}) {
		if darkroom.CodeOf(err) != darkroom.CodeValidation {
			t.Errorf("without an id: %v", err)
		}
	}
}

func TestPictures(t *testing.T) {
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /v1/jobs/" + jobID + "/captures/3/thumbnail": answer(200, "small"),
		"GET /v1/jobs/" + jobID + "/captures/4/image":     answer(409, failure(409, "no_result")),
	})
	if got, err := c.Picture(t.Context(), jobID, 3, darkroom.ViewThumbnail); err != nil || string(got) != "small" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := c.Picture(t.Context(), jobID, 4, darkroom.ViewImage); !errors.Is(err, client.ErrNoResult) {
		t.Errorf("a picture that is not there: %v", err)
	}
}
