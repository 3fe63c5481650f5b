package store

import (
	"context"

	"darkroom"
)

// History gives the captures of a URL over all jobs of a key, the newest first,
// at most limit.
func (s *Store) History(ctx context.Context, keyID, url string, limit int) ([]darkroom.Capture, error) {
	captures, err := queryAll(ctx, s.db.Read(ctx), scanCapture, captureColumns+captureTables+
		`JOIN jobs j ON j.id = c.job_id WHERE c.url = ? AND j.key_id = ? ORDER BY c.job_id DESC, c.ordinal LIMIT ?`, url, keyID, limit)
	return captures, wrap(err, "read the history of a URL")
}
