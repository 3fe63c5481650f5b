package bucket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"time"

	"darkroom"
)

// Put stores content under a new key and returns what its row needs. When it
// returns nil, the bytes and every folder that leads to them are on disk, or an
// object store has confirmed what it holds. A
// taken key gives ErrExists and leaves what is there alone; any other error
// leaves nothing behind under the key. Width and Height stay zero: the bucket
// does not look into images.
func (b *Bucket) Put(ctx context.Context, key string, content []byte, contentType string) (darkroom.Artifact, error) {
	if !fs.ValidPath(key) || key == "." {
		return darkroom.Artifact{}, fmt.Errorf("store %q: it is no key", key)
	}
	began := time.Now()
	err := b.write(ctx, key, content, contentType)
	b.tell("put", time.Since(began), err != nil && !errors.Is(err, ErrExists))
	if err != nil {
		return darkroom.Artifact{}, fmt.Errorf("store %s: %w", key, b.explain(err))
	}
	sum := sha256.Sum256(content)
	return darkroom.Artifact{
		Key:         key,
		ContentType: contentType,
		Size:        int64(len(content)),
		CRC32:       crc32.ChecksumIEEE(content),
		SHA256:      hex.EncodeToString(sum[:]),
	}, nil
}
