package bucket

import (
	"fmt"
	"strings"
)

// keyRoot begins every key, so that a bucket may hold other things too.
const keyRoot = "jobs/"

// ShotKey is where the shot of one attempt goes. Ordinal and attempt count
// from 1; ext has no dot. The same five arguments always give the same key.
func ShotKey(jobID string, ordinal, attempt int, instance, ext string) string {
	return fmt.Sprintf("%s%s/%05d-a%d-%s.%s", keyRoot, plain(jobID), ordinal, attempt, plain(instance), plain(ext))
}

// FileKey is where a file of the whole job goes, such as index.json. Writing
// it again needs another unique text.
func FileKey(jobID, name, unique string) string {
	return fmt.Sprintf("%s%s/files/%s-%s", keyRoot, plain(jobID), plain(unique), plain(name))
}

// plain keeps a part of a key to characters that mean the same on every file
// system and in every object store.
func plain(part string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.', r == '_':
			return r
		}
		return '_'
	}, part)
}
