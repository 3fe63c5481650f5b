package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/archive"
)

// objects is a bucket in memory that counts what is asked of it.
type objects struct {
	mu    sync.Mutex
	bytes map[string][]byte
	opens map[string]int
	open  int // readers that are not closed
}

func newObjects() *objects { return &objects{bytes: map[string][]byte{}, opens: map[string]int{}} }

func (o *objects) add(name string, content []byte) archive.Entry {
	key := "key/" + name
	o.bytes[key] = content
	sum := sha256.Sum256(content)
	return archive.Entry{Name: name, Artifact: darkroom.Artifact{
		Key: key, Size: int64(len(content)), CRC32: crc32.ChecksumIEEE(content), SHA256: hex.EncodeToString(sum[:]),
	}}
}

func (o *objects) source(_ context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.opens[key]++
	content, ok := o.bytes[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	o.open++
	content = content[min(offset, int64(len(content))):]
	return &object{Reader: bytes.NewReader(content[:min(length, int64(len(content)))]), owner: o}, nil
}

type object struct {
	*bytes.Reader
	owner *objects
}

func (o *object) Close() error {
	o.owner.mu.Lock()
	defer o.owner.mu.Unlock()
	o.owner.open--
	return nil
}

func (o *objects) requireClosed(t *testing.T) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open != 0 {
		t.Errorf("%d objects are still open", o.open)
	}
}

// noise is content that does not compress and is the same at every run.
func noise(seed uint64, length int) []byte {
	content := make([]byte, length)
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = source.Read(content)
	return content
}

func endedJob(total int) darkroom.Job {
	return darkroom.Job{
		ID: "0198c0de-1111-7222-8333-2c963f66afa6", Kind: darkroom.KindBatch, Status: darkroom.StatusCompleted,
		Progress:    darkroom.Progress{Total: total, Completed: total},
		Layout:      darkroom.ArchiveLayout,
		CreatedAt:   time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC),
		CompletedAt: time.Date(2026, 4, 1, 12, 34, 57, 987654321, time.UTC),
	}
}

// sample is an archive of entries of these sizes.
func sample(t *testing.T, sizes ...int) (*archive.Archive, *objects, []archive.Entry) {
	t.Helper()
	stored := newObjects()
	entries := make([]archive.Entry, len(sizes))
	for i, size := range sizes {
		entries[i] = stored.add(fmt.Sprintf("%03d_page.png", i+1), noise(uint64(i), size))
	}
	return newArchive(t, entries, stored), stored, entries
}

func newArchive(t *testing.T, entries []archive.Entry, stored *objects) *archive.Archive {
	t.Helper()
	made, err := archive.New(endedJob(len(entries)), entries, stored.source)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func readAll(t *testing.T, a *archive.Archive) []byte {
	t.Helper()
	reader := a.Reader(t.Context())
	defer func() { _ = reader.Close() }()
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

const mib = 1 << 20

func TestTheStandardLibraryReadsIt(t *testing.T) {
	made, stored, entries := sample(t, 0, 1, 1000, 300_000, 5*mib, 2*mib, 4*mib, 4*mib+1, 17)
	content := readAll(t, made)
	if int64(len(content)) != made.Size() {
		t.Fatalf("it has %d bytes, and says %d", len(content), made.Size())
	}
	opened, err := zip.NewReader(bytes.NewReader(content), made.Size())
	if err != nil {
		t.Fatal(err)
	}
	if len(opened.File) != len(entries) {
		t.Fatalf("%d entries, want %d", len(opened.File), len(entries))
	}
	for i, file := range opened.File {
		if file.Name != entries[i].Name || file.Method != zip.Store || file.NonUTF8 || file.Mode() != 0o644 {
			t.Errorf("entry %d: %+v", i, file.FileHeader)
		}
		if want := time.Date(2026, 4, 1, 12, 34, 57, 0, time.UTC); !file.Modified.Equal(want) {
			t.Errorf("%s is of %v, want %v", file.Name, file.Modified, want)
		}
		reader, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(reader)
		if err != nil || !bytes.Equal(got, stored.bytes[entries[i].Artifact.Key]) {
			t.Errorf("%s: %v", file.Name, err)
		}
	}
	stored.requireClosed(t)
}

func TestAnEmptyArchive(t *testing.T) {
	made, _, _ := sample(t)
	content := readAll(t, made)
	opened, err := zip.NewReader(bytes.NewReader(content), made.Size())
	if err != nil || len(opened.File) != 0 {
		t.Errorf("%v, %v", opened, err)
	}
}

// tools are programs that people unpack with. Those that are not on this
// machine are named in the test's log.
var tools = []struct {
	name string
	args func(file string) []string
}{
	{"unzip", func(file string) []string { return []string{"-tqq", file} }},
	{"python3", func(file string) []string { return []string{"-c", pythonTest, file} }},
	{"bsdtar", func(file string) []string { return []string{"-tf", file} }},
	{"7z", func(file string) []string { return []string{"t", file} }},
}

const pythonTest = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
`

func requireToolsReadIt(t *testing.T, file string) {
	t.Helper()
	for _, tool := range tools {
		path, err := exec.LookPath(tool.name)
		if err != nil {
			t.Logf("%s is not here and was not asked", tool.name)
			continue
		}
		if output, err := exec.CommandContext(t.Context(), path, tool.args(file)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", tool.name, err, output)
		}
	}
}

func TestUnpackersReadIt(t *testing.T) {
	made, _, _ := sample(t, 10, 5*mib, 100_000)
	file := filepath.Join(t.TempDir(), made.Name())
	if err := os.WriteFile(file, readAll(t, made), 0o600); err != nil {
		t.Fatal(err)
	}
	requireToolsReadIt(t, file)
}

func TestMoreEntriesThanSixteenBitsCount(t *testing.T) {
	const count = 70_000
	stored := newObjects()
	one := stored.add("x", []byte("a small picture"))
	entries := make([]archive.Entry, count)
	for i := range entries {
		entries[i] = one
		entries[i].Name = archive.EntryName(i+1, count, "http://a.test/page", "", "png", false)
	}
	made := newArchive(t, entries, stored)
	file := filepath.Join(t.TempDir(), made.Name())
	if err := os.WriteFile(file, readAll(t, made), 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	if len(opened.File) != count || opened.File[count-1].Name != entries[count-1].Name {
		t.Errorf("%d entries, the last %s", len(opened.File), opened.File[len(opened.File)-1].Name)
	}
	requireToolsReadIt(t, file)
}

// An archive beyond 4 GiB is written as a file with holes where the large
// entry is, which every reader of the directory can open.
func TestLargerThanThirtyTwoBitsCount(t *testing.T) {
	const huge = 5 << 30
	stored := newObjects()
	first, last := stored.add("001_first.png", []byte("first")), stored.add("003_last.png", []byte("last"))
	middle := archive.Entry{Name: "002_huge.png", Artifact: darkroom.Artifact{
		Key: "huge", Size: huge, SHA256: strings.Repeat("00", sha256.Size),
	}}
	made := newArchive(t, []archive.Entry{first, middle, last}, stored)
	file, err := os.Create(filepath.Join(t.TempDir(), "huge.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	head, tail := int64(200), int64(600) // without the huge entry's bytes
	copyRange(t, file, made, 0, head)
	copyRange(t, file, made, made.Size()-tail, tail)

	opened, err := zip.NewReader(file, made.Size())
	if err != nil {
		t.Fatal(err)
	}
	if size := opened.File[1].UncompressedSize64; size != huge {
		t.Errorf("the large entry has %d bytes", size)
	}
	for i, want := range map[int]string{0: "first", 2: "last"} {
		reader, err := opened.File[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(reader); err != nil || string(got) != want {
			t.Errorf("entry %d: %q, %v", i, got, err)
		}
	}
}

// copyRange copies a range, except what lies in the entry whose bytes do not
// exist.
func copyRange(t *testing.T, file *os.File, made *archive.Archive, from, length int64) {
	t.Helper()
	reader := made.Reader(t.Context())
	defer func() { _ = reader.Close() }()
	for at := from; at < from+length; at++ {
		b := make([]byte, 1)
		if _, err := reader.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := reader.Read(b); errors.Is(err, fs.ErrNotExist) {
			_ = reader.Close()
			reader = made.Reader(t.Context())
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheNameToSaveUnder(t *testing.T) {
	made, _, _ := sample(t, 1)
	if got, want := made.Name(), "darkroom-batch-20260401-3f66afa6.zip"; got != want {
		t.Errorf("name %s, want %s", got, want)
	}
}

func TestTheTagChangesWithEveryByte(t *testing.T) {
	job := endedJob(2)
	stored := newObjects()
	entries := []archive.Entry{stored.add("001_a.png", []byte("a")), stored.add("002_b.png", []byte("b"))}
	tag := func(job darkroom.Job, entries []archive.Entry) string {
		made, err := archive.New(job, entries, stored.source)
		if err != nil {
			t.Fatal(err)
		}
		return made.ETag()
	}
	first := tag(job, entries)
	if first != tag(job, slices.Clone(entries)) {
		t.Error("equal rows have different tags")
	}
	if !strings.HasPrefix(first, `"`) || !strings.HasSuffix(first, `"`) || len(first) != 34 {
		t.Errorf("%s is no strong tag", first)
	}
	later := job
	later.CompletedAt = job.CompletedAt.Add(time.Minute)
	change := func(edit func(*archive.Entry)) []archive.Entry {
		changed := slices.Clone(entries)
		edit(&changed[1])
		return changed
	}
	for about, other := range map[string]string{
		"time":     tag(later, entries),
		"name":     tag(job, change(func(e *archive.Entry) { e.Name = "002_c.png" })),
		"size":     tag(job, change(func(e *archive.Entry) { e.Artifact.Size++ })),
		"crc32":    tag(job, change(func(e *archive.Entry) { e.Artifact.CRC32++ })),
		"sha256":   tag(job, change(func(e *archive.Entry) { e.Artifact.SHA256 = strings.Repeat("ab", 32) })),
		"order":    tag(job, []archive.Entry{entries[1], entries[0]}),
		"one less": tag(job, entries[:1]),
	} {
		if other == first {
			t.Errorf("the tag does not change with the %s", about)
		}
	}
}

func TestBadRowsAreRefused(t *testing.T) {
	good := newObjects().add("001_a.png", []byte("a"))
	named := func(name string) archive.Entry {
		entry := good
		entry.Name = name
		return entry
	}
	broken := func(edit func(*darkroom.Artifact)) archive.Entry {
		entry := good
		edit(&entry.Artifact)
		return entry
	}
	for about, entries := range map[string][]archive.Entry{
		"parent":        {named("../evil")},
		"absolute":      {named("/abs")},
		"folder":        {named("a/b")},
		"only a folder": {named("failures/")},
		"two folders":   {named("failures/failures/a.json")},
		"out of it":     {named("failures/../a.json")},
		"long in it":    {named("failures/" + strings.Repeat("a", archive.MaxNameBytes+1))},
		"back slash":    {named(`a\b`)},
		"drive":         {named("C:x")},
		"hidden":        {named(".profile")},
		"empty":         {named("")},
		"dot":           {named(".")},
		"dots":          {named("a..b")},
		"NUL":           {named("a\x00b")},
		"not ASCII":     {named("é.png")},
		"too long":      {named(strings.Repeat("a", archive.MaxNameBytes+1))},
		"twice":         {named("a.png"), named("a.png")},
		"twice by case": {named("a.png"), named("A.png")},
		"size":          {broken(func(a *darkroom.Artifact) { a.Size = -1 })},
		"no sum":        {broken(func(a *darkroom.Artifact) { a.SHA256 = "" })},
		"half a sum":    {broken(func(a *darkroom.Artifact) { a.SHA256 = "abcd" })},
		"no hex":        {broken(func(a *darkroom.Artifact) { a.SHA256 = strings.Repeat("zz", 32) })},
	} {
		if _, err := archive.New(endedJob(1), entries, newObjects().source); err == nil {
			t.Errorf("%s: accepted", about)
		}
	}
}

// A job of a newer program cannot be laid out by an older one: guessing would
// mix two layouts in one download.
func TestAnUnknownLayoutIsRefused(t *testing.T) {
	job := endedJob(0)
	job.Layout = darkroom.ArchiveLayout + 1
	if _, err := archive.New(job, nil, newObjects().source); err == nil {
		t.Error("accepted")
	}
}
