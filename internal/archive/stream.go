package archive

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
)

// chunkBytes is how much of a large entry is in memory.
const chunkBytes = 256 << 10

// stream reads one entry that is too large to be loaded whole. It begins at
// the entry's first byte also when a later one is asked for, because the
// checksum is over all; the last chunk goes out only when it is right.
type stream struct {
	archive *Archive
	open    func(i int) (io.ReadCloser, error)
	fail    func(i int, err error) error

	entry  int
	body   io.ReadCloser // nil while no entry is open
	digest hash.Hash
	chunk  []byte // checked in, and waiting to be read
	buffer []byte
	begin  int64 // where chunk begins in the entry
	next   int64 // where the chunk after it will begin
}

func newStream(ctx context.Context, a *Archive) *stream {
	return &stream{
		archive: a,
		open: func(i int) (io.ReadCloser, error) {
			artifact := a.entries[i].Artifact
			return a.source(ctx, artifact.Key, 0, artifact.Size)
		},
		fail: func(i int, err error) error { return a.fail(ctx, i, err) },
	}
}

// read gives bytes of entry i from offset on.
func (s *stream) read(p []byte, i int, offset int64) (int, error) {
	if err := s.moveTo(i, offset); err != nil {
		return 0, s.fail(i, err)
	}
	return copy(p, s.chunk[offset-s.begin:]), nil
}

// moveTo reads on, from the beginning if need be, until the chunk holds the
// offset.
func (s *stream) moveTo(i int, offset int64) error {
	if s.body == nil || s.entry != i || offset < s.begin {
		if err := s.restart(i); err != nil {
			return err
		}
	}
	for offset >= s.next {
		if err := s.advance(); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) restart(i int) error {
	s.stop()
	body, err := s.open(i)
	if err != nil {
		return err
	}
	s.entry, s.body, s.digest = i, body, sha256.New()
	if s.buffer == nil {
		s.buffer = make([]byte, chunkBytes)
	}
	return nil
}

// advance reads the next chunk, and checks the whole entry when it is the
// last.
func (s *stream) advance() error {
	size := s.archive.entries[s.entry].Artifact.Size
	chunk := s.buffer[:min(chunkBytes, size-s.next)]
	if _, err := io.ReadFull(s.body, chunk); err != nil {
		return err
	}
	s.digest.Write(chunk)
	if s.next+int64(len(chunk)) == size && [sha256.Size]byte(s.digest.Sum(nil)) != s.archive.sums[s.entry] {
		return errChecksum
	}
	s.begin, s.next, s.chunk = s.next, s.next+int64(len(chunk)), chunk
	return nil
}

// stop closes the entry that is open.
func (s *stream) stop() {
	if s.body != nil {
		closeQuietly(s.body)
	}
	s.body, s.chunk, s.begin, s.next = nil, nil, 0, 0
}
