package archive

import (
	"encoding/binary"
	"math"
	"time"
)

// Numbers of the ZIP format (APPNOTE.TXT 6.3.10).
const (
	localSignature     = 0x04034b50
	centralSignature   = 0x02014b50
	endSignature       = 0x06054b50
	end64Signature     = 0x06064b50
	locator64Signature = 0x07064b50

	localLength   = 30 // without name and extra field
	centralLength = 46
	endLength     = 22
	end64Length   = 56
	locatorLength = 20

	versionPlain = 20
	version64    = 45
	madeByUnix   = 3 << 8
	flagUTF8     = 0x800
	storeMethod  = 0
	regularFile  = 0o100644

	extra64        = 0x0001
	extraTime      = 0x5455
	timeLength     = 9  // of the whole extra field
	local64Length  = 20 // of the whole extra field: both sizes
	modTimePresent = 1
)

// layOut fixes where everything begins.
func (a *Archive) layOut() {
	a.headers = make([]int64, len(a.entries))
	var at, directory int64
	for i := range a.entries {
		a.headers[i] = at
		at += a.headerLength(i) + a.entries[i].Artifact.Size
		directory += int64(centralLength + len(a.entries[i].Name) + timeLength + len(a.central64(i)))
	}
	a.end = at
	a.size = at + directory + endLength
	if a.needs64(directory) {
		a.size += end64Length + locatorLength
	}
}

// needs64 reports whether the end record has too few bits for this archive.
func (a *Archive) needs64(directory int64) bool {
	return len(a.entries) >= math.MaxUint16 || a.end >= math.MaxUint32 || directory >= math.MaxUint32
}

func (a *Archive) big(i int) bool { return a.entries[i].Artifact.Size >= math.MaxUint32 }

func (a *Archive) headerLength(i int) int64 {
	length := int64(localLength + len(a.entries[i].Name) + timeLength)
	if a.big(i) {
		length += local64Length
	}
	return length
}

// header is the local header of entry i.
func (a *Archive) header(i int) []byte {
	entry := a.entries[i]
	var extra []byte
	if a.big(i) {
		extra = le16(extra, extra64, local64Length-4)
		extra = le64(extra, uint64(entry.Artifact.Size), uint64(entry.Artifact.Size))
	}
	extra = a.appendTime(extra)
	header := make([]byte, 0, a.headerLength(i))
	header = le32(header, localSignature)
	header = le16(header, a.version(i))
	header = a.appendFacts(header, i)
	header = le16(header, uint16(len(entry.Name)), uint16(len(extra)))
	header = append(header, entry.Name...)
	return append(header, extra...)
}

// appendFacts appends the fields that both headers of an entry have alike.
func (a *Archive) appendFacts(header []byte, i int) []byte {
	artifact := a.entries[i].Artifact
	clock, date := dosTime(a.modified)
	size := clamp32(artifact.Size)
	header = le16(header, flagUTF8, storeMethod, clock, date)
	return le32(header, artifact.CRC32, size, size)
}

func (a *Archive) version(i int) uint16 {
	if len(a.central64(i)) > 0 {
		return version64
	}
	return versionPlain
}

// directory is the central directory and the end records.
func (a *Archive) directory() []byte {
	directory := make([]byte, 0, a.size-a.end)
	for i, entry := range a.entries {
		extra := a.appendTime(a.central64(i))
		directory = le32(directory, centralSignature)
		directory = le16(directory, madeByUnix|version64, a.version(i))
		directory = a.appendFacts(directory, i)
		directory = le16(directory, uint16(len(entry.Name)), uint16(len(extra)), 0, 0, 0)
		directory = le32(directory, regularFile<<16, clamp32(a.headers[i]))
		directory = append(directory, entry.Name...)
		directory = append(directory, extra...)
	}
	return a.appendEnd(directory, int64(len(directory)))
}

// appendEnd appends the end record, and before it the one with more bits when
// it is needed.
func (a *Archive) appendEnd(tail []byte, directory int64) []byte {
	entries := uint64(len(a.entries))
	count, length, offset := uint16(entries), uint32(directory), uint32(a.end)
	if a.needs64(directory) {
		tail = le32(tail, end64Signature)
		tail = le64(tail, end64Length-12)
		tail = le16(tail, madeByUnix|version64, version64)
		tail = le32(tail, 0, 0)
		tail = le64(tail, entries, entries, uint64(directory), uint64(a.end))
		tail = le32(tail, locator64Signature, 0)
		tail = le64(tail, uint64(a.end+directory))
		tail = le32(tail, 1)
		count, length, offset = math.MaxUint16, math.MaxUint32, math.MaxUint32
	}
	tail = le32(tail, endSignature)
	tail = le16(tail, 0, 0, count, count)
	tail = le32(tail, length, offset)
	return le16(tail, 0)
}

// central64 is the extra field for what does not fit the central header of
// entry i; nil when everything does.
func (a *Archive) central64(i int) []byte {
	var fields []uint64
	if a.big(i) {
		size := uint64(a.entries[i].Artifact.Size)
		fields = append(fields, size, size)
	}
	if a.headers[i] >= math.MaxUint32 {
		fields = append(fields, uint64(a.headers[i]))
	}
	if fields == nil {
		return nil
	}
	return le64(le16(nil, extra64, uint16(8*len(fields))), fields...)
}

// appendTime appends the moment in UTC; the format's own field has no zone.
func (a *Archive) appendTime(extra []byte) []byte {
	extra = le16(extra, extraTime, timeLength-4)
	extra = append(extra, modTimePresent)
	return le32(extra, uint32(a.modified.Unix()))
}

// dosTime is a moment as the format has it: two-second steps from 1980.
func dosTime(t time.Time) (clock, date uint16) {
	year := min(max(t.Year(), 1980), 2107)
	clock = uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2)
	date = uint16((year-1980)<<9 | int(t.Month())<<5 | t.Day())
	return clock, date
}

func clamp32(n int64) uint32 { return uint32(min(n, math.MaxUint32)) }

func le16(b []byte, values ...uint16) []byte {
	for _, value := range values {
		b = binary.LittleEndian.AppendUint16(b, value)
	}
	return b
}

func le32(b []byte, values ...uint32) []byte {
	for _, value := range values {
		b = binary.LittleEndian.AppendUint32(b, value)
	}
	return b
}

func le64(b []byte, values ...uint64) []byte {
	for _, value := range values {
		b = binary.LittleEndian.AppendUint64(b, value)
	}
	return b
}
