package mcp

import "time"

// Limits of what one call may take and give. They keep an answer far below what
// agents can take in.
const (
	MaxPictureSide  = 1024             // pixels of the longer side of a picture
	MaxPictureBytes = 150 << 10        // of one picture, as JPEG
	MaxCallWait     = 50 * time.Second // for a job; agents give up after a minute
	MaxListed       = 50               // captures in one answer of job
	TilesPerSheet   = 20               // captures on one contact sheet
	MaxQuoted       = 300              // characters of a text that a page has written
	MaxOriginal     = 8 << 20          // bytes of an original that is read as a resource
)
