package archive_test

import (
	"encoding/json"
	"strings"
	"testing"

	"darkroom"
	"darkroom/internal/archive"
)

func TestTheManifestNamesTheFilesOfFailures(t *testing.T) {
	job, captures := partialJob()
	files := []archive.Entry{{Name: "failures/002_gone.json"}, {Name: "failures/001_blog.jpeg"}, {Name: "index.json"}}
	content, err := archive.Manifest(job, seq(captures...), files...)
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Results []darkroom.ManifestEntry }
	if err := json.Unmarshal(content, &manifest); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "failures/002_gone.json", ""} {
		if got := manifest.Results[i]; got.EvidenceFile != want || got.LastFrameFile != "" {
			t.Errorf("capture %d has the files %q and %q", i+1, got.EvidenceFile, got.LastFrameFile)
		}
	}
	plain, err := archive.Manifest(job, seq(captures...))
	if err != nil {
		t.Fatal(err)
	}
	without := strings.Replace(string(content), `,"evidence_file":"failures/002_gone.json"`, "", 1)
	if without != string(plain) {
		t.Errorf("without files of failures the manifest is\n%s\nand not\n%s", plain, without)
	}
}

func TestNamesOfFailures(t *testing.T) {
	naming := archive.Naming{Total: 1000, MixedHosts: true}
	for _, test := range []struct{ url, variant, want string }{
		{"https://example.com/", "", "failures/0003_example.com.json"},
		{"https://example.com/blog/../x?q", "phone", "failures/0003_example.com_blog_x_phone.json"},
	} {
		capture := darkroom.Capture{Ordinal: 3, URL: test.url, Variant: test.variant}
		if got := naming.FailureName(capture, "json"); got != test.want {
			t.Errorf("%s is named %s, want %s", test.url, got, test.want)
		}
	}
	long := darkroom.Capture{Ordinal: 3, URL: "https://example.com/" + strings.Repeat("a", 500)}
	entry := newObjects().add(naming.FailureName(long, "json"), []byte("{}"))
	if _, err := archive.New(endedJob(1), []archive.Entry{entry}, newObjects().source); err != nil {
		t.Error(err)
	}
}

// Of what has not ended, the last attempt tells.
func TestEntriesOfWhatHasNotEnded(t *testing.T) {
	naming := archive.Naming{Total: 2}
	fresh := naming.Entry(darkroom.Capture{Ordinal: 1, State: darkroom.CaptureQueued})
	if fresh.Error != nil || fresh.ErrorCode != "" || fresh.Filename != nil || fresh.Success {
		t.Errorf("never tried: %+v", fresh)
	}
	again := naming.Entry(darkroom.Capture{
		Ordinal: 1, State: darkroom.CaptureRunning, Attempt: 2, Failure: darkroom.Failure{Code: darkroom.CodeTimeout, Message: "Too slow"},
	})
	if again.Error == nil || *again.Error != "Too slow" || again.ErrorCode != darkroom.CodeTimeout || again.Success {
		t.Errorf("tried again: %+v", again)
	}
}
