package sitemap

import "hash/maphash"

// maxRemembered is how many URLs that are not captured are remembered. Beyond
// it the second of two of them counts by another reason than SkipDuplicate;
// captured ones are always remembered.
const maxRemembered = 1 << 18

// hashes are what a URL is remembered by: as it is written, and canonical.
type hashes struct{ written, canonical uint64 }

// seen remembers URLs by their hashes, eight bytes each: a file may list
// millions.
type seen struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
	noted  int // URLs that are not captured
}

func newSeen() *seen {
	return &seen{seed: maphash.MakeSeed(), hashes: make(map[uint64]struct{})}
}

func (s *seen) hash(text []byte) uint64 { return maphash.Bytes(s.seed, text) }

func (s *seen) has(hash uint64) bool {
	_, found := s.hashes[hash]
	return found
}

// keep remembers a URL that is captured.
func (s *seen) keep(url hashes) {
	s.hashes[url.written] = struct{}{}
	s.hashes[url.canonical] = struct{}{}
}

// note is keep for one that is not.
func (s *seen) note(url hashes) {
	if s.noted < maxRemembered {
		s.noted++
		s.keep(url)
	}
}
