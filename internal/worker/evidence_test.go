package worker

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

func frame(side int) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, side, side)), nil); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// witness answers like an engine: failures of paths with "fail" in them bring
// evidence, and those with "seen" a last frame, too.
func witness(_ context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
	if !strings.Contains(request.URL, "fail") {
		shot := picture(request)
		if request.Thumbnail {
			shot.Thumbnail = frame(9)
		}
		if request.Options.Evidence {
			shot.Evidence = &darkroom.Evidence{}
		}
		return shot, nil
	}
	shot, err := failing(darkroom.CodeHTTPError, 404)
	shot.Evidence = &darkroom.Evidence{Console: []darkroom.ConsoleMessage{{Text: strings.Repeat("oh ", n)}}}
	if strings.Contains(request.URL, "seen") {
		shot.Evidence.LastFrame = frame(8)
	}
	return shot, err
}

func (b *bench) results(t *testing.T, jobID string) []store.Result {
	t.Helper()
	page, _, err := b.store.Results(t.Context(), jobID, store.ResultFilter{})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func (b *bench) unzipped(t *testing.T, job darkroom.Job) (names []string, contents map[string][]byte) {
	t.Helper()
	whole := b.download(t, job)
	opened, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	contents = map[string][]byte{}
	for _, file := range opened.File {
		reader, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if contents[file.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
		names = append(names, file.Name)
	}
	return names, contents
}

func TestEvidenceIsKeptWithTheCapture(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = witness
	job := b.create(t, nil, "/fine", "/fail-seen", "/fail")
	b.work(t, b.Worker)
	results := b.results(t, job.ID)
	if results[0].Evidence != nil {
		t.Errorf("a success has evidence that nobody asked for: %+v", results[0].Evidence)
	}
	seen, blind := results[1], results[2]
	if seen.Evidence == nil || seen.Evidence.Console[0].Text != "oh " || seen.Requested || blind.Evidence == nil || blind.LastFrame.Key != "" {
		t.Errorf("kept %+v and %+v", seen.Kept, blind.Kept)
	}
	if f := seen.LastFrame; f.ContentType != "image/jpeg" || f.Width != 8 || f.Height != 8 || f.Size != int64(len(frame(8))) {
		t.Errorf("last frame %+v", f)
	}
	job = b.end(t, job.ID)
	names, _ := b.unzipped(t, job)
	if want := []string{"001_fine.png", "index.json"}; !slices.Equal(names, want) {
		t.Errorf("the archive has %v, want %v", names, want)
	}
	b.clock.advance(darkroom.DefaultRetention + time.Minute)
	if err := b.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := b.objects(t); len(left) != 0 {
		t.Errorf("after the expiry there are %v", left)
	}
}

func TestOnRequestTheArchiveTellsOfFailures(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = func(ctx context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		if path(request) == "/fail" { // too late for the next
			b.clock.advance(darkroom.DefaultJobDeadline)
			if late, err := b.store.FailOverdue(context.WithoutCancel(ctx)); late != 1 || err != nil {
				t.Errorf("%d captures failed at the deadline, %v", late, err)
			}
		}
		return witness(ctx, request, n)
	}
	job := b.create(t, func(request *store.NewJob) { request.Options.Evidence = true }, "/fine", "/fail-seen", "/fail", "/untried")
	b.work(t, b.Worker)
	if results := b.results(t, job.ID); results[0].Evidence == nil {
		t.Error("the evidence of the success was asked for and is not kept")
	}
	job = b.end(t, job.ID)
	names, contents := b.unzipped(t, job)
	want := []string{
		"001_fine.png", "failures/002_fail-seen.jpeg", "failures/002_fail-seen.json", "failures/003_fail.json",
		"failures/004_untried.json", "index.json",
	}
	if !slices.Equal(names, want) {
		t.Fatalf("the archive has %v, want %v", names, want)
	}
	if !bytes.Equal(contents[want[1]], frame(8)) {
		t.Error("the last frame is not the one that the engine gave")
	}
	var report darkroom.CaptureReport
	if err := json.Unmarshal(contents[want[2]], &report); err != nil {
		t.Fatal(err)
	}
	if report.Index != 2 || report.URL != "http://site.test/fail-seen" || report.ErrorCode != darkroom.CodeHTTPError || report.HTTPStatus != 404 ||
		report.LastFrameFile != want[1] || report.Evidence == nil || report.Evidence.Console[0].Text != "oh " {
		t.Errorf("report %+v", report)
	}
	var manifest struct{ Results []darkroom.ManifestEntry }
	if err := json.Unmarshal(contents["index.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	for i, files := range [][2]string{{}, {want[2], want[1]}, {want[3]}, {want[4]}} {
		if got := manifest.Results[i]; got.EvidenceFile != files[0] || got.LastFrameFile != files[1] {
			t.Errorf("the manifest says of capture %d: %+v", i+1, got)
		}
	}
	if again, _ := b.unzipped(t, b.end(t, job.ID)); !slices.Equal(again, names) {
		t.Errorf("a second finish has changed the archive to %v", again)
	}
	b.clock.advance(darkroom.DefaultRetention + time.Minute)
	if err := b.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := b.objects(t); len(left) != 0 {
		t.Errorf("after the expiry there are %v", left)
	}
}

// Some URLs of a job may ask for it and others not.
func TestOnlyFailuresThatAskedAreInTheArchive(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = witness
	for about, change := range map[string]func(*store.NewJob){
		"one asks": func(request *store.NewJob) {
			request.Sets = []darkroom.OptionSet{{"evidence": []byte("true")}}
			request.Targets[1].Set = 1
		},
		"one does not": func(request *store.NewJob) {
			request.Options.Evidence = true
			request.Sets = []darkroom.OptionSet{{"evidence": []byte("false")}}
			request.Targets[0].Set = 1
		},
	} {
		job := b.create(t, change, "/fail/one", "/fail/two", "/fine")
		b.work(t, b.Worker)
		names, _ := b.unzipped(t, b.end(t, job.ID))
		if want := []string{"003_fine.png", "failures/002_fail_two.json", "index.json"}; !slices.Equal(names, want) {
			t.Errorf("%s: the archive has %v, want %v", about, names, want)
		}
	}
}

// A thumbnail of a printed page cannot be made later.
func TestPrintedPagesHaveTheirThumbnailAtOnce(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = witness
	for format, want := range map[string]bool{"pdf": true, "png": false} {
		job := b.create(t, func(request *store.NewJob) { request.Options.Format = format }, "/fine")
		b.work(t, b.Worker)
		thumbnail, found, err := b.store.Thumbnail(t.Context(), b.captures(t, job.ID)[0].Result.Key)
		if err != nil || found != want || found && (thumbnail.Width != 9 || thumbnail.ContentType != "image/jpeg") {
			t.Errorf("%s: thumbnail %+v, %v, %v", format, thumbnail, found, err)
		}
	}
}

// The result of a claim that was lost leaves nothing behind.
func TestWhatComesTooLateIsDeletedWhole(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = func(ctx context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		b.clock.advance(time.Hour)
		if _, err := b.store.RecoverLost(context.WithoutCancel(ctx), time.Minute); err != nil {
			t.Error(err)
		}
		return witness(ctx, request, n)
	}
	job := b.create(t, nil, "/fail-seen")
	b.work(t, b.Worker)
	if results := b.results(t, job.ID); results[0].Evidence != nil {
		t.Errorf("kept %+v", results[0].Kept)
	}
	if left := b.objects(t); len(left) != 0 {
		t.Errorf("there are %v", left)
	}
}
