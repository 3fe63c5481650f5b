// Package backup writes one file with everything that a server on one machine
// has, and reads it again. The file is a tar:
//
//	darkroom.db       the database as it was at one moment
//	secret.key        what seals the secrets in it; may be left out
//	bucket/…          every picture that the database knows of
//	backup.json       what was written, with the SHA-256 of all of it; without it the file is not whole
//
// The database is copied first: a picture that goes meanwhile has expired or
// belongs to a deleted job, and one that comes belongs to a later backup.
package backup
