package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
)

// Thumbnail gives the thumbnail of a stored picture; found is false when none
// was made.
func (s *Store) Thumbnail(ctx context.Context, picture string) (a darkroom.Artifact, found bool, err error) {
	err = s.db.Read(ctx).QueryRow(ctx, `SELECT t.key, t.content_type, t.size, t.crc32, t.sha256, t.width, t.height
		FROM artifacts p JOIN artifacts t ON t.key = p.thumbnail WHERE p.key = ?`, picture).
		Scan(&a.Key, &a.ContentType, &a.Size, &a.CRC32, &a.SHA256, &a.Width, &a.Height)
	if errors.Is(err, sql.ErrNoRows) {
		return darkroom.Artifact{}, false, nil
	}
	return a, err == nil, wrap(err, "look up the thumbnail of %s", picture)
}

// KeepThumbnail gives a picture the thumbnail that was made of it. kept is
// false when it has one already, or is in use no more; then nothing has changed
// and the artifact is an orphan.
func (s *Store) KeepThumbnail(ctx context.Context, picture string, thumbnail darkroom.Artifact) (kept bool, err error) {
	err = s.db.Update(ctx, func(tx database.Tx) error {
		kept = false
		changed, err := tx.Exec(ctx, `UPDATE artifacts SET thumbnail = ? WHERE key = ? AND thumbnail = '' AND uses > 0`,
			thumbnail.Key, picture)
		if err != nil || changed == 0 {
			return err
		}
		kept = true
		return insertArtifact(ctx, tx, thumbnail)
	})
	if err != nil {
		return false, wrap(explain(err), "keep the thumbnail of %s", picture)
	}
	return kept, nil
}

func insertPicture(ctx context.Context, tx database.Tx, picture, thumbnail darkroom.Artifact) error {
	if err := insertArtifact(ctx, tx, picture); err != nil || thumbnail.Key == "" {
		return err
	}
	if err := insertArtifact(ctx, tx, thumbnail); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE artifacts SET thumbnail = ? WHERE key = ?`, thumbnail.Key, picture.Key)
	return wrap(err, "give a picture its thumbnail")
}

// forget drops the row of an artifact that is not in use.
func forget(ctx context.Context, tx database.Tx, key string) error {
	var thumbnail string
	err := tx.QueryRow(ctx, `DELETE FROM artifacts WHERE key = ? AND uses = 0 RETURNING thumbnail`, key).Scan(&thumbnail)
	if errors.Is(err, sql.ErrNoRows) || err == nil && thumbnail == "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("forget artifact %s: %w", key, err)
	}
	_, err = tx.Exec(ctx, `UPDATE artifacts SET uses = uses - 1 WHERE key = ?`, thumbnail)
	return wrap(err, "give up a thumbnail")
}
