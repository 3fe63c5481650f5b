package archive

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"darkroom"
)

// Entry is one file of the archive.
type Entry struct {
	Name     string // ASCII, at most MaxNameBytes; in no folder but FailureFolder
	Artifact darkroom.Artifact
}

// Source opens length bytes of a stored object from offset on. It may be
// called from several goroutines at once, and its readers end when ctx does.
type Source func(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)

// Archive is the layout of one job's ZIP. It holds no image and no file, needs
// no closing, and is safe for concurrent use.
type Archive struct {
	layout   int
	name     string
	etag     string
	modified time.Time
	entries  []Entry
	sums     [][sha256.Size]byte // of each entry
	headers  []int64             // where each entry's local header begins
	end      int64               // where the central directory begins
	size     int64
	tail     func() []byte // the central directory and what follows it
	source   Source
}

// New lays out the archive of a terminal job, entries in the given order. It
// reads nothing. The error tells of rows that no archive can be made of: a name
// that is unsafe or there twice, a checksum that is none, a layout that is newer
// than this program.
func New(job darkroom.Job, entries []Entry, source Source) (*Archive, error) {
	if job.Layout < 1 || job.Layout > darkroom.ArchiveLayout {
		return nil, fmt.Errorf("lay out the archive of job %s: its layout %d is not known to this program", job.ID, job.Layout)
	}
	archive := &Archive{
		layout:   job.Layout,
		name:     fileName(job),
		modified: job.CompletedAt.UTC().Truncate(time.Second),
		entries:  entries,
		sums:     make([][sha256.Size]byte, len(entries)),
		source:   source,
	}
	seen := make(map[string]bool, len(entries))
	for i, entry := range entries {
		if err := archive.check(i, entry, seen); err != nil {
			return nil, fmt.Errorf("lay out the archive of job %s: entry %d: %w", job.ID, i, err)
		}
	}
	archive.layOut()
	archive.etag = archive.hash()
	archive.tail = sync.OnceValue(archive.directory)
	return archive, nil
}

func (a *Archive) check(i int, entry Entry, seen map[string]bool) error {
	if !safeName(entry.Name) {
		return fmt.Errorf("unsafe name %q", entry.Name)
	}
	folded := strings.ToLower(entry.Name)
	if seen[folded] {
		return fmt.Errorf("name %q is there twice", entry.Name)
	}
	seen[folded] = true
	if entry.Artifact.Size < 0 {
		return fmt.Errorf("%s has size %d", entry.Name, entry.Artifact.Size)
	}
	sum, err := hex.DecodeString(entry.Artifact.SHA256)
	if err != nil || len(sum) != sha256.Size {
		return fmt.Errorf("%s has no SHA-256 but %q", entry.Name, entry.Artifact.SHA256)
	}
	a.sums[i] = [sha256.Size]byte(sum)
	return nil
}

// safeName is the last gate before a name goes to machines of other people:
// whatever made it, it must not leave its folder there.
func safeName(name string) bool {
	name = strings.TrimPrefix(name, FailureFolder)
	if len(name) > MaxNameBytes || !fs.ValidPath(name) || name[0] == '.' || strings.Contains(name, "..") {
		return false
	}
	for i := range len(name) {
		if !plain(name[i]) {
			return false
		}
	}
	return true
}

// Size is the length of the archive in bytes.
func (a *Archive) Size() int64 { return a.size }

// ETag is the strong entity tag, in quotes: equal tags mean equal bytes.
func (a *Archive) ETag() string { return a.etag }

// Name is the file name to save under, such as
// "darkroom-batch-20260401-2c963f66.zip": kind and day of the job, and the end
// of its id, which tells jobs of the same minute apart.
func (a *Archive) Name() string { return a.name }

// ModTime is when the job ended, in whole seconds: the time of every entry.
func (a *Archive) ModTime() time.Time { return a.modified }

func fileName(job darkroom.Job) string {
	id := strings.ToLower(job.ID)
	id = id[max(0, len(id)-8):]
	return fmt.Sprintf("darkroom-%s-%s-%s.zip", job.Kind, job.CreatedAt.UTC().Format("20060102"), id)
}

// hash makes the tag from everything the bytes depend on.
func (a *Archive) hash() string {
	digest := sha256.New()
	row := make([]byte, 0, 256)
	row = binary.AppendVarint(row, int64(a.layout))
	row = binary.AppendVarint(row, a.modified.Unix())
	for i, entry := range a.entries {
		row = binary.AppendUvarint(row, uint64(len(entry.Name)))
		row = append(row, entry.Name...)
		row = binary.AppendVarint(row, entry.Artifact.Size)
		row = binary.AppendUvarint(row, uint64(entry.Artifact.CRC32))
		row = append(row, a.sums[i][:]...)
		digest.Write(row)
		row = row[:0]
	}
	digest.Write(row)
	return `"` + hex.EncodeToString(digest.Sum(nil)[:16]) + `"`
}
