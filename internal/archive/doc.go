// Package archive is the ZIP of a finished job, which never exists as a file.
//
// Its bytes are a pure function of rows (names, sizes, checksums, the moment
// the job ended, the version of the layout), so any instance can serve any
// range of it, at once and without disk, and a download broken off on one
// instance goes on at another. Only the images themselves come from the bucket, read ahead,
// and none leaves before its SHA-256 has been checked.
package archive
