package e2e

import (
	"archive/zip"
	"bytes"
	"image/jpeg"
	"net/http"
	"slices"
	"testing"
	"time"

	"darkroom"
)

func TestWhatIsToldOfAFailure(t *testing.T) {
	s := start(t, t.TempDir())
	address := site(t)
	job := s.submit(map[string]any{
		"urls": []string{address + "/page/1", address + "/there/is/nothing"}, "evidence": true, "attempts": 1,
	})
	if done := s.await(job.ID, time.Minute); done.Status != darkroom.StatusPartial {
		t.Fatalf("ended %s: %+v", done.Status, done.Progress)
	}
	_, content := s.call("GET", darkroom.ResultsPath(job.ID), nil)
	page := decode[darkroom.ResultsAnswer](t, content)
	good, bad := page.Results[0], page.Results[1]
	if !good.Success || good.Evidence == nil || bad.Success || bad.Evidence == nil || bad.ErrorCode != darkroom.CodeHTTPError {
		t.Fatalf("results %s", content)
	}
	for link, want := range map[*string][2]int{good.ThumbnailURL: {darkroom.ThumbnailWidth, 180}, bad.LastFrameURL: {1280, 720}} {
		answer, picture := s.call("GET", *link, nil)
		size, err := jpeg.DecodeConfig(bytes.NewReader(picture))
		if answer.StatusCode != http.StatusOK || err != nil || size.Width != want[0] || size.Height != want[1] {
			t.Errorf("%s answers %d with %d×%d pixels, %v", *link, answer.StatusCode, size.Width, size.Height, err)
		}
	}
	_, content = s.call("GET", darkroom.DownloadPath(job.ID), nil)
	opened, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	must(t, err)
	var names []string
	for _, file := range opened.File {
		names = append(names, file.Name)
	}
	want := []string{*good.Filename, bad.LastFrameFile, bad.EvidenceFile, "index.html", "index.json"}
	if !slices.Equal(names, want) || bad.EvidenceFile != "failures/002_there_is_nothing.json" {
		t.Errorf("the archive has %v, want %v", names, want)
	}
}
