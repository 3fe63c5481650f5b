package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"darkroom"
)

// MaxNameBytes is the longest name of an entry, without FailureFolder.
const MaxNameBytes = 120

// ManifestName is the manifest's own name in the archive.
const ManifestName = "index.json"

// EntryName names the image of a capture: the ordinal, padded to three digits
// or to those of total, and then the path of the target with its segments
// joined by "_"; the host instead when the path is empty, and both when the
// job mixes hosts: "001_blog_my-first-post.png". The name of a variant follows:
// "001_blog_my-first-post_phone.png". Names are ASCII letters, digits, ".", "_"
// and "-" only, at most MaxNameBytes long, and unique by their ordinal alone,
// so also where case does not count.
func EntryName(ordinal, total int, target, variant, ext string, mixedHosts bool) string {
	digits := max(3, len(strconv.Itoa(total)))
	prefix := fmt.Sprintf("%0*d_", digits, ordinal)
	suffix := "." + clean(ext)
	if variant := clean(variant); variant != "" {
		suffix = "_" + variant + suffix
	}
	host, path := split(target)
	words := segments(path)
	if host := clean(host); len(words) == 0 || mixedHosts && host != "" {
		words = append([]string{host}, words...)
	}
	return prefix + shorten(strings.Join(words, "_"), MaxNameBytes-len(prefix)-len(suffix), target) + suffix
}

// Naming is what the names of a job's images depend on beside the images.
type Naming struct {
	Total      int // captures of the job
	MixedHosts bool
}

// NamingOf looks at every capture of a job, failed ones too: a name must not
// change because a neighbour failed.
func NamingOf(job darkroom.Job, captures iter.Seq2[darkroom.Capture, error]) (Naming, error) {
	naming := Naming{Total: job.Progress.Total}
	var first string
	for capture, err := range captures {
		if err != nil {
			return Naming{}, err
		}
		host, _ := split(capture.URL)
		if first == "" {
			first = host
		}
		if host != first {
			naming.MixedHosts = true
			break
		}
	}
	return naming, nil
}

// Name is the name of a successful capture's image.
func (n Naming) Name(capture darkroom.Capture) string {
	_, ext, _ := strings.Cut(capture.Result.ContentType, "/")
	return EntryName(capture.Ordinal, n.Total, capture.URL, capture.Variant, ext, n.MixedHosts)
}

// split takes host and path out of a URL. It is no parser: targets were
// parsed at admission, and a name must come out whatever they hold.
func split(target string) (host, path string) {
	if _, rest, ok := strings.Cut(target, "://"); ok {
		target = rest
	}
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		target = target[:i]
	}
	host, path, _ = strings.Cut(target, "/")
	return host, path
}

// segments are the words of a path, decoded and cleaned; empty ones are left
// out. A "/" that was percent-encoded does not separate.
func segments(path string) []string {
	var words []string
	for segment := range strings.SplitSeq(path, "/") {
		if word := clean(decode(segment)); word != "" {
			words = append(words, word)
		}
	}
	return words
}

// decode resolves percent-encoding and leaves alone what is none.
func decode(segment string) string {
	if !strings.Contains(segment, "%") {
		return segment
	}
	decoded := make([]byte, 0, len(segment))
	for i := 0; i < len(segment); i++ {
		if segment[i] == '%' && i+2 < len(segment) {
			if b, err := hex.DecodeString(segment[i+1 : i+3]); err == nil {
				decoded = append(decoded, b[0])
				i += 2
				continue
			}
		}
		decoded = append(decoded, segment[i])
	}
	return string(decoded)
}

// clean replaces each run of other characters by one "_", each run of dots by
// one, and takes dots and "_" off both ends.
func clean(word string) string {
	cleaned := make([]byte, 0, len(word))
	last := func(b byte) bool { return len(cleaned) > 0 && cleaned[len(cleaned)-1] == b }
	for i := range len(word) {
		b := word[i]
		replaced := !plain(b)
		if replaced {
			b = '_'
		}
		if (replaced || b == '.') && last(b) {
			continue
		}
		cleaned = append(cleaned, b)
	}
	return strings.Trim(string(cleaned), "._")
}

// plain reports whether a byte may stand in a name.
func plain(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' ||
		b == '.' || b == '_' || b == '-'
}

// shorten cuts a text that is too long and ends it with the beginning of the
// target's hash, so that what was cut still tells two names apart.
func shorten(text string, limit int, target string) string {
	if len(text) <= limit {
		return text
	}
	sum := sha256.Sum256([]byte(target))
	mark := "-" + hex.EncodeToString(sum[:4])
	return strings.TrimRight(text[:limit-len(mark)], "._-") + mark
}
