package sitemap

import (
	"cmp"
	"time"
)

// Limits are the budgets of one walk. The zero value of a field means its
// default.
type Limits struct {
	FileURLs   int           // entries of one file; default 50,000, as sitemaps.org has it
	FileBytes  int64         // of one file, unpacked, and as sent; default 50 MiB
	Files      int           // indexes, sitemaps and robots.txt of discovery; default 100
	TotalBytes int64         // of all files, unpacked; default 200 MiB
	TotalURLs  int           // entries of all files; default 2,000,000
	Time       time.Duration // for everything; default 60 s
	Depth      int           // indexes inside one another; default 3
	Redirects  int           // of one file; default 5
	Robots     int           // hosts whose robots.txt is read; pages of further ones are refused; default 20
}

func (l Limits) withDefaults() Limits {
	return Limits{
		FileURLs:   cmp.Or(l.FileURLs, 50_000),
		FileBytes:  cmp.Or(l.FileBytes, 50<<20),
		Files:      cmp.Or(l.Files, 100),
		TotalBytes: cmp.Or(l.TotalBytes, 200<<20),
		TotalURLs:  cmp.Or(l.TotalURLs, 2_000_000),
		Time:       cmp.Or(l.Time, time.Minute),
		Depth:      cmp.Or(l.Depth, 3),
		Redirects:  cmp.Or(l.Redirects, 5),
		Robots:     cmp.Or(l.Robots, 20),
	}
}

// FileTime is what the download of one file may take, body included: one that
// hangs must not use up the time of the others. It is the Timeout of
// Config.Client.
const FileTime = 20 * time.Second

// Limits that are part of how files are read, not budgets.
const (
	maxLocBytes     = 8 << 10   // one address in a file
	maxElementDepth = 16        // elements inside one another
	maxRobotsBytes  = 512 << 10 // more of a robots.txt is not read; RFC 9309 wants at least 500 KiB
	maxRobotsMaps   = 10        // Sitemap lines of a robots.txt
	maxWarnings     = 20        // of one walk; more are counted only
)
