package bucket_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"darkroom"
	"darkroom/internal/bucket"
)

const job = "0198c0de-0000-7000-8000-000000000001"

func open(t *testing.T, dir string) *bucket.Bucket {
	t.Helper()
	opened, err := bucket.Open(t.Context(), bucket.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

func put(t *testing.T, b *bucket.Bucket, key, content string) darkroom.Artifact {
	t.Helper()
	artifact, err := b.Put(t.Context(), key, []byte(content), "image/png")
	if err != nil {
		t.Fatal(err)
	}
	return artifact
}

func read(t *testing.T, b *bucket.Bucket, key string, offset, length int64) string {
	t.Helper()
	reader, err := b.Open(t.Context(), key, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func keys(t *testing.T, b *bucket.Bucket, prefix string) []string {
	t.Helper()
	var found []string
	for object, err := range b.Keys(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, object.Key)
	}
	slices.Sort(found)
	return found
}

func TestPutFillsTheArtifact(t *testing.T) {
	b := open(t, t.TempDir())
	content := "the bytes of a picture"
	key := bucket.ShotKey(job, 7, 2, "boot-1", "png")
	got := put(t, b, key, content)
	sum := sha256.Sum256([]byte(content))
	want := darkroom.Artifact{
		Key: key, ContentType: "image/png", Size: int64(len(content)),
		CRC32: crc32.ChecksumIEEE([]byte(content)), SHA256: hex.EncodeToString(sum[:]),
	}
	if got != want {
		t.Errorf("artifact %+v, want %+v", got, want)
	}
	if back := read(t, b, key, 0, -1); back != content {
		t.Errorf("read back %q", back)
	}
	if part := read(t, b, key, 4, 5); part != "bytes" {
		t.Errorf("read a part: %q", part)
	}
	if size, err := b.Size(t.Context(), key); err != nil || size != int64(len(content)) {
		t.Errorf("size %d, %v", size, err)
	}
}

func TestPutNeverOverwrites(t *testing.T) {
	b := open(t, t.TempDir())
	put(t, b, "jobs/a/1.png", "first")
	_, err := b.Put(t.Context(), "jobs/a/1.png", []byte("second"), "image/png")
	if !errors.Is(err, bucket.ErrExists) {
		t.Fatalf("the second Put gave %v", err)
	}
	if got := read(t, b, "jobs/a/1.png", 0, -1); got != "first" {
		t.Errorf("the key now holds %q", got)
	}
	if found := keys(t, b, ""); len(found) != 1 {
		t.Errorf("left behind: %v", found)
	}
}

func TestOfManyPutsUnderOneKeyOneWins(t *testing.T) {
	b := open(t, t.TempDir())
	var group sync.WaitGroup
	results := make([]error, 16)
	for i := range results {
		group.Go(func() {
			_, results[i] = b.Put(t.Context(), "jobs/a/1.png", fmt.Appendf(nil, "writer %d", i), "image/png")
		})
	}
	group.Wait()
	winner := slices.Index(results, nil)
	if winner < 0 {
		t.Fatalf("nobody won: %v", results)
	}
	for i, err := range results {
		if i != winner && !errors.Is(err, bucket.ErrExists) {
			t.Errorf("writer %d got %v beside the winner %d", i, err, winner)
		}
	}
	if got := read(t, b, "jobs/a/1.png", 0, -1); got != fmt.Sprintf("writer %d", winner) {
		t.Errorf("the key holds %q, but writer %d was told that it won", got, winner)
	}
}

func TestOnlyTheOwnerMayLook(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "bucket")
	b := open(t, dir)
	put(t, b, bucket.ShotKey(job, 1, 1, "boot", "png"), "x")
	put(t, b, bucket.FileKey(job, "index.json", "u"), "x")
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMissingKeys(t *testing.T) {
	b := open(t, t.TempDir())
	if _, err := b.Open(t.Context(), "jobs/none/1.png", 0, -1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open gave %v", err)
	}
	if _, err := b.Size(t.Context(), "jobs/none/1.png"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Size gave %v", err)
	}
	if err := b.Delete(t.Context(), "jobs/none/1.png"); err != nil {
		t.Errorf("Delete gave %v", err)
	}
}

func TestDeletingEverythingLeavesAnEmptyFolder(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	for ordinal := range 3 {
		put(t, b, bucket.ShotKey(job, ordinal+1, 1, "boot", "png"), "x")
	}
	put(t, b, bucket.FileKey(job, "index.json", "u"), "x")
	all := keys(t, b, "")
	if len(all) != 4 {
		t.Fatalf("keys: %v", all)
	}
	for _, key := range all {
		if err := b.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestPutAndDeleteInOneFolder(t *testing.T) {
	b := open(t, t.TempDir())
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			key := bucket.ShotKey(job, i+1, 1, "boot", "png")
			if _, err := b.Put(t.Context(), key, []byte("x"), "image/png"); err != nil {
				t.Error(err)
			}
			if err := b.Delete(t.Context(), key); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if left := keys(t, b, ""); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestKeysByPrefix(t *testing.T) {
	b := open(t, t.TempDir())
	for _, key := range []string{"jobs/a/1.png", "jobs/a/2.png", "jobs/ab/1.png", "jobs/b/1.png"} {
		put(t, b, key, "12345")
	}
	for _, test := range []struct {
		prefix string
		want   []string
	}{
		{"", []string{"jobs/a/1.png", "jobs/a/2.png", "jobs/ab/1.png", "jobs/b/1.png"}},
		{"jobs/", []string{"jobs/a/1.png", "jobs/a/2.png", "jobs/ab/1.png", "jobs/b/1.png"}},
		{"jobs/a", []string{"jobs/a/1.png", "jobs/a/2.png", "jobs/ab/1.png"}},
		{"jobs/a/", []string{"jobs/a/1.png", "jobs/a/2.png"}},
		{"jobs/none/", nil},
	} {
		if got := keys(t, b, test.prefix); !slices.Equal(got, test.want) {
			t.Errorf("keys of %q: %v", test.prefix, got)
		}
	}
	for object, err := range b.Keys(t.Context(), "jobs/b/") {
		if err != nil || object.Size != 5 || object.ModTime.IsZero() || object.Partial {
			t.Errorf("object %+v, %v", object, err)
		}
	}
	for range b.Keys(t.Context(), "") {
		break // must not be called again
	}
}

func TestAFailedPutLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	// The key's folder cannot be made, because a file has its name.
	if err := os.WriteFile(filepath.Join(dir, "jobs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(t.Context(), "jobs/a/1.png", []byte("x"), "image/png"); err == nil {
		t.Error("Put under a file succeeded")
	}
	if err := os.Remove(filepath.Join(dir, "jobs")); err != nil {
		t.Fatal(err)
	}
	if found := keys(t, b, ""); len(found) != 0 {
		t.Errorf("left behind: %v", found)
	}
}

func TestWhatADeadPutLeftIsPartial(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	put(t, b, "jobs/a/1.png", "whole")
	if err := os.WriteFile(filepath.Join(dir, "jobs/a/2.png.17a3.tmp"), []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	for object, err := range b.Keys(t.Context(), "") {
		if err != nil || object.Partial != strings.HasSuffix(object.Key, ".tmp") {
			t.Errorf("object %+v, %v", object, err)
		}
	}
}

func TestKeysCannotLeaveTheBucket(t *testing.T) {
	for _, part := range []string{"../../etc", "a/b", `a\b`, "a:b", "é", "", ".."} {
		for _, key := range []string{
			bucket.ShotKey(part, 1, 1, part, part), bucket.FileKey(part, part, part),
		} {
			if strings.Count(key, "/") > 3 || strings.ContainsAny(key, `\:`) {
				t.Errorf("%q made the key %q", part, key)
			}
		}
	}
	b := open(t, t.TempDir())
	for _, key := range []string{"../outside", "jobs/../../outside", "/etc/passwd", "jobs//1", "jobs/a/", ".", ""} {
		if _, err := b.Put(t.Context(), key, []byte("x"), "image/png"); err == nil {
			t.Errorf("Put under %q succeeded", key)
		}
	}
}

func TestKeysOfDifferentAttemptsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, key := range []string{
		bucket.ShotKey(job, 1, 1, "a", "png"), bucket.ShotKey(job, 1, 2, "a", "png"),
		bucket.ShotKey(job, 1, 1, "b", "png"), bucket.ShotKey(job, 11, 1, "a", "png"),
		bucket.FileKey(job, "index.json", "1"), bucket.FileKey(job, "index.json", "2"),
	} {
		if seen[key] {
			t.Errorf("%s is there twice", key)
		}
		seen[key] = true
	}
}

func TestFreeSpace(t *testing.T) {
	free, err := open(t, t.TempDir()).Free()
	if err != nil || free <= 0 {
		t.Errorf("free space %d, %v", free, err)
	}
}

func TestOpenRefusesAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Open(t.Context(), bucket.Config{Dir: file}); err == nil {
		t.Error("a file was taken for a bucket")
	}
}

func TestLargeContent(t *testing.T) {
	b := open(t, t.TempDir())
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	key := bucket.ShotKey(job, 1, 1, "boot", "png")
	put(t, b, key, string(content))
	if got := read(t, b, key, 0, -1); got != string(content) {
		t.Error("the content changed")
	}
}
