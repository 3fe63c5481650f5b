package store

import (
	"context"
	"fmt"
	"iter"

	"darkroom"
)

// artifactsAtOnce is how many rows Artifacts holds in memory.
const artifactsAtOnce = 1000

// Artifacts goes through everything that the bucket should hold, by key: key,
// content type and size of each. Rows that come or go meanwhile may be in it or
// not.
func (s *Store) Artifacts(ctx context.Context) iter.Seq2[darkroom.Artifact, error] {
	return func(yield func(darkroom.Artifact, error) bool) {
		after := ""
		for {
			page, err := s.artifactsAfter(ctx, after)
			if err != nil {
				yield(darkroom.Artifact{}, fmt.Errorf("list the artifacts: %w", err))
				return
			}
			for _, artifact := range page {
				if !yield(artifact, nil) {
					return
				}
				after = artifact.Key
			}
			if len(page) < artifactsAtOnce {
				return
			}
		}
	}
}

func (s *Store) artifactsAfter(ctx context.Context, key string) ([]darkroom.Artifact, error) {
	rows, err := s.db.Read(ctx).Query(ctx, `SELECT key, content_type, size FROM artifacts WHERE key > ? ORDER BY key LIMIT ?`, key, artifactsAtOnce)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what there is to tell
	var page []darkroom.Artifact
	for rows.Next() {
		var artifact darkroom.Artifact
		if err := rows.Scan(&artifact.Key, &artifact.ContentType, &artifact.Size); err != nil {
			return nil, err
		}
		page = append(page, artifact)
	}
	return page, rows.Err()
}
