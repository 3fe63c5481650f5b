package bucket

import (
	"context"
	"crypto/md5" //nolint:gosec // what S3 compares uploads by; a picture's identity is its SHA-256
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"net/url"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // opens s3:// addresses
	"gocloud.dev/gcerrors"
)

// How hard a Put tries. An object store that is busy or away for a moment must
// not cost a picture that was taken; one that is away for longer is told of.
const (
	storeTries    = 5
	storeTryTime  = silence // of one try
	storeFirst    = 200 * time.Millisecond
	storeMostWait = 5 * time.Second
)

// store is a bucket in an object store.
type store struct {
	blobs *blob.Bucket
	name  string
}

func openStore(ctx context.Context, address string) (*Bucket, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return nil, errors.New("the address of the bucket is no URL such as s3://name?region=eu-central-1")
	}
	blobs, err := blob.OpenBucket(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("open the bucket %s: %w", parsed.Host, err)
	}
	return &Bucket{place: &store{blobs: blobs, name: parsed.Scheme + "://" + parsed.Host}, blobs: blobs}, nil
}

// Place is the address without what follows the name.
func (s *store) Place() string { return s.name }

// Free is as much as can be counted.
func (*store) Free() (int64, error) { return math.MaxInt64, nil }

func (*store) deleted(string) {}

// Keys asks the store, page after page.
func (s *store) Keys(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		objects, failure := s.blobs.List(&blob.ListOptions{Prefix: prefix}).All(ctx)
		for object := range objects {
			if !yield(Object{Key: object.Key, Size: object.Size, ModTime: object.ModTime}, nil) {
				return
			}
		}
		if err := failure(); err != nil {
			yield(Object{}, fmt.Errorf("list the bucket: %w", s.explain(err)))
		}
	}
}

// write tries until the store has confirmed the bytes, or refuses them.
func (s *store) write(ctx context.Context, key string, content []byte, contentType string) error {
	wait := storeFirst
	for try := 1; ; try++ {
		err := s.writeOnce(ctx, key, content, contentType, try > 1)
		if err == nil || try == storeTries || ctx.Err() != nil || !passing(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait/2 + rand.N(wait)):
		}
		wait = min(2*wait, storeMostWait)
	}
}

// passing reports whether a failure may be over soon.
func passing(err error) bool {
	if errors.Is(err, ErrExists) {
		return false
	}
	switch gcerrors.Code(err) {
	case gcerrors.PermissionDenied, gcerrors.NotFound, gcerrors.InvalidArgument, gcerrors.Unimplemented:
		return false
	}
	return true
}

// writeOnce uploads and then asks what is there: an answer that was lost says
// nothing about the bytes. again: an earlier try may have stored them.
func (s *store) writeOnce(ctx context.Context, key string, content []byte, contentType string, again bool) error {
	ctx, cancel := context.WithTimeout(ctx, storeTryTime)
	defer cancel()
	sum := md5.Sum(content) //nolint:gosec // see the import
	err := s.blobs.WriteAll(ctx, key, content, &blob.WriterOptions{ContentType: contentType, ContentMD5: sum[:], IfNotExist: true})
	taken := gcerrors.Code(err) == gcerrors.FailedPrecondition
	switch {
	case taken && !again:
		return ErrExists
	case err != nil && !taken:
		return err
	}
	there, err := s.blobs.Attributes(ctx, key)
	if err != nil {
		return fmt.Errorf("ask for what was stored: %w", err)
	}
	if there.Size == int64(len(content)) && (len(there.MD5) == 0 || [md5.Size]byte(there.MD5) == sum) {
		return nil
	}
	if taken {
		return ErrExists
	}
	return fmt.Errorf("the store holds %d bytes of %d, or others", there.Size, len(content))
}
