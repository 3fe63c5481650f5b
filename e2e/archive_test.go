package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// manifest is what a reader of index.json relies on.
type manifest struct {
	JobID   string  `json:"job_id"`
	Type    string  `json:"type"`
	Results []entry `json:"results"`
}

type entry struct {
	Index     int     `json:"index"`
	URL       string  `json:"url"`
	Filename  *string `json:"filename"`
	Success   bool    `json:"success"`
	Error     *string `json:"error"`
	ErrorCode string  `json:"error_code"`
	SHA256    string  `json:"sha256"`
	SizeBytes int     `json:"size_bytes"`
	Attempts  int     `json:"attempts"`
}

// opened is an archive taken apart.
type opened struct {
	manifest manifest
	files    map[string][]byte
}

// open reads an archive and checks what must hold of every archive: each
// ordinal once and in order, one image per success, bytes as the manifest
// says.
func open(t *testing.T, content []byte) opened {
	t.Helper()
	reader, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	must(t, err)
	archive := opened{files: map[string][]byte{}}
	for _, file := range reader.File {
		if _, twice := archive.files[file.Name]; twice {
			t.Errorf("entry %s is there twice", file.Name)
		}
		body, err := file.Open()
		must(t, err)
		archive.files[file.Name], err = io.ReadAll(body)
		must(t, err)
	}
	must(t, json.Unmarshal(archive.files["index.json"], &archive.manifest))
	images := 0
	for i, e := range archive.manifest.Results {
		if e.Index != i+1 {
			t.Errorf("result %d has index %d", i+1, e.Index)
		}
		if e.Success {
			images++
			archive.checkImage(t, e)
		} else if e.Filename != nil || e.Error == nil || e.ErrorCode == "" {
			t.Errorf("failed result %d is %+v", i+1, e)
		}
	}
	if extra := len(archive.files) - images - 2; extra != 0 || archive.files["index.html"] == nil {
		t.Errorf("%d entries beyond the images, index.json and index.html", extra)
	}
	return archive
}

func (a opened) checkImage(t *testing.T, e entry) {
	t.Helper()
	if e.Filename == nil {
		t.Errorf("result %d has no file", e.Index)
		return
	}
	content, ok := a.files[*e.Filename]
	sum := sha256.Sum256(content)
	if !ok || hex.EncodeToString(sum[:]) != e.SHA256 || len(content) != e.SizeBytes {
		t.Errorf("file %s does not match the manifest", *e.Filename)
	}
}

// checkPictures decodes every image and holds it against the colour of the
// page at its place.
func (a opened) checkPictures(t *testing.T, want int) {
	t.Helper()
	if len(a.manifest.Results) != want {
		t.Fatalf("%d results, want %d", len(a.manifest.Results), want)
	}
	for i, e := range a.manifest.Results {
		if !e.Success {
			t.Errorf("%s failed: %s %s", e.URL, e.ErrorCode, *e.Error)
			continue
		}
		picture, err := png.Decode(bytes.NewReader(a.files[*e.Filename]))
		if err != nil {
			t.Errorf("%s: %v", *e.Filename, err)
			continue
		}
		checkPicture(t, picture, i)
	}
}

// readElsewhere has the archive read by tools that are not ours.
func readElsewhere(t *testing.T, content []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "result.zip")
	must(t, os.WriteFile(path, content, 0o600))
	for _, tool := range [][]string{
		{"unzip", "-tqq", path},
		{"python3", "-c", "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); sys.exit(z.testzip())", path},
		{"bsdtar", "-tf", path},
	} {
		if out, err := exec.Command(tool[0], tool[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", tool[0], err, out)
		}
	}
}
