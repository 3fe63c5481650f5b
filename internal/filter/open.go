package filter

import (
	"embed"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

//go:embed lists/*.txt
var ownLists embed.FS

// groupNames are the groups as file names and settings have them.
func groupNames() map[string]Group {
	return map[string]Group{"ads": Ads, "trackers": Trackers, "chats": Chats}
}

// maxListBytes bounds one list of the operator's. The largest in use have a
// tenth of that.
const maxListBytes = 64 << 20

// Open gives the program's own lists together with the operator's files. Each
// is named as "ads=PATH", "trackers=PATH" or "chats=PATH"; of a plain PATH the
// file's name must begin with one of these words. A file that cannot be read is
// an error, a line that cannot be used is not: log says how many there were.
func Open(files []string, log *slog.Logger) (*Set, error) {
	lists, err := own()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		list, err := read(file)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	set, tallies := NewSet(lists...)
	for _, tally := range tallies[len(tallies)-len(files):] {
		log.Info("a block list was read", "list", tally.List, "rules", tally.Rules, "unusable", tally.Unusable)
		if tally.Rules == 0 {
			return nil, fmt.Errorf("read block list %s: it has no rule that can be used", tally.List)
		}
	}
	return set, nil
}

// own gives the lists that are part of the program.
func own() ([]List, error) {
	var lists []List
	for _, name := range []string{"ads", "trackers", "chats"} {
		text, err := ownLists.ReadFile("lists/" + name + ".txt")
		if err != nil {
			return nil, fmt.Errorf("read the program's own block list: %w", err)
		}
		lists = append(lists, List{Name: name, Group: groupNames()[name], Text: string(text)})
	}
	return lists, nil
}

func read(named string) (List, error) {
	group, path, err := groupOf(named)
	if err != nil {
		return List{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return List{}, fmt.Errorf("read a block list: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxListBytes+1))
	switch {
	case err != nil:
		return List{}, fmt.Errorf("read a block list: %w", err)
	case len(text) > maxListBytes:
		return List{}, fmt.Errorf("read block list %s: it is larger than %d MiB", path, maxListBytes>>20)
	case !utf8.Valid(text):
		return List{}, fmt.Errorf("read block list %s: it is not text in UTF-8", path)
	}
	return List{Name: path, Group: group, Text: string(text)}, nil
}

// groupOf reads "trackers=/etc/lists/mine.txt" or "/etc/lists/trackers.txt".
func groupOf(named string) (Group, string, error) {
	named = strings.TrimSpace(named)
	if word, path, ok := strings.Cut(named, "="); ok {
		if group, ok := groupNames()[strings.ToLower(strings.TrimSpace(word))]; ok && path != "" {
			return group, path, nil
		}
	}
	for word, group := range groupNames() {
		if strings.HasPrefix(strings.ToLower(filepath.Base(named)), word) {
			return group, named, nil
		}
	}
	return 0, "", fmt.Errorf("block list %q: what is it about? Write ads=%[1]s, trackers=%[1]s or chats=%[1]s", named)
}
