// Package docs is the pages of the documentation, as files of the program.
package docs

import "embed"

// Files has every page, by its name, and the picture that one of them shows.
//
//go:embed *.md screenshots/run-1280.webp
var Files embed.FS
