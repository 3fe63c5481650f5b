package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image/jpeg"

	"darkroom"
	"darkroom/internal/bucket"
	"darkroom/internal/store"
)

// thumbnailOf gives the thumbnail of a picture, and makes it when nobody has
// asked for it before.
func (s *server) thumbnailOf(ctx context.Context, result store.Result) (picked, error) {
	picture := result.Result.Artifact
	stored, found, err := s.Store.Thumbnail(ctx, picture.Key)
	if err != nil {
		return picked{}, unavailable(err)
	}
	switch {
	case found:
		return picked{artifact: stored, version: version(picture)}, nil
	case picture.Key == "", s.Config.Thumbnail == nil, !shrinkable(picture):
		return picked{}, nothingToSee(result)
	}
	select {
	case s.shrinking <- struct{}{}:
		defer func() { <-s.shrinking }()
	case <-ctx.Done():
		return picked{}, context.Cause(ctx)
	}
	if stored, found, err = s.Store.Thumbnail(ctx, picture.Key); err == nil && found { // made meanwhile
		return picked{artifact: stored, version: version(picture)}, nil
	}
	content, err := s.shrink(ctx, picture)
	if err != nil {
		return picked{}, err
	}
	sum := sha256.Sum256(content)
	made := darkroom.Artifact{ContentType: "image/jpeg", Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
	s.keepThumbnail(context.WithoutCancel(ctx), result, content)
	return picked{artifact: made, content: content, version: version(picture)}, nil
}

func (s *server) shrink(ctx context.Context, picture darkroom.Artifact) ([]byte, error) {
	content, err := s.load(ctx, picture)
	if err != nil {
		return nil, err
	}
	small, err := s.Config.Thumbnail(content)
	if err != nil {
		return nil, fmt.Errorf("make the thumbnail of %s: %w", picture.Key, err)
	}
	return small, nil
}

// keepThumbnail stores what has been made, so that it need not be made again.
// The answer does not depend on it.
func (s *server) keepThumbnail(ctx context.Context, result store.Result, content []byte) {
	if !s.FreeDisk() {
		return
	}
	key := bucket.FileKey(result.JobID, fmt.Sprintf("%05d-thumbnail.jpeg", result.Ordinal), rand.Text())
	thumbnail, err := s.Bucket.Put(ctx, key, content, "image/jpeg")
	if err == nil {
		if size, err := jpeg.DecodeConfig(bytes.NewReader(content)); err == nil {
			thumbnail.Width, thumbnail.Height = size.Width, size.Height
		}
		var kept bool
		if kept, err = s.Store.KeepThumbnail(ctx, result.Result.Key, thumbnail); err == nil && !kept {
			err = errors.Join(errors.New("the picture has one, or is gone"), s.Bucket.Delete(ctx, key))
		}
	}
	if err != nil {
		s.Log.Warn("a thumbnail could not be kept", "job", result.JobID, "capture", result.Ordinal, "err", err)
	}
}
