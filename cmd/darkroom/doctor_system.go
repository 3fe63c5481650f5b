package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"

	"darkroom/internal/bucket"
	"darkroom/internal/database"
)

const smallSharedMemory = 256 << 20

func lookAtSharedMemory(context.Context, config) finding {
	free, err := freeBytes("/dev/shm")
	switch {
	case err != nil:
		return note("", "no /dev/shm; the browser uses its own folder instead")
	case free < smallSharedMemory:
		return note("docker run --shm-size=1g", "/dev/shm has %s free; the browser uses its own folder instead, which is slower",
			humanize.IBytes(uint64(free)))
	}
	return fine("%d processors, /dev/shm has %s free", runtime.NumCPU(), humanize.IBytes(uint64(free)))
}

// lookAtFileLimit compares with what a server needs: some forty descriptors per
// slot, and its clients.
func lookAtFileLimit(_ context.Context, config config) finding {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return note("", "the limit of open files could not be read: %v", err)
	}
	need := uint64(256 + 40*config.MaxSlots)
	if limit.Max < need {
		return fault("raise it: ulimit -n 65536, or LimitNOFILE= in the unit", "only %d open files are permitted; %d captures at once need %d",
			limit.Max, config.MaxSlots, need)
	}
	return fine("%d open files permitted", limit.Max)
}

func freeBytes(path string) (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail * uint64(stat.Bsize)), nil
}

func lookAtDisk(_ context.Context, config config) finding {
	folders := []string{config.Data, os.TempDir()}
	if dir := config.bucket().Dir; dir != "" {
		folders = append(folders, dir)
	}
	for _, path := range folders {
		place := existing(path)
		free, err := freeBytes(place)
		if err != nil {
			return fault("check the folder", "the free space of %s cannot be read: %v", place, err)
		}
		if free < config.MinFreeDisk && path != os.TempDir() {
			return fault("free some space, or lower --min-free-disk", "%s has %s free; below %s new jobs are refused",
				place, humanize.IBytes(uint64(free)), humanize.IBytes(uint64(config.MinFreeDisk)))
		}
	}
	free, err := freeBytes(existing(config.Data))
	if err != nil {
		return fault("check the folder", "the free space of %s cannot be read: %v", config.Data, err)
	}
	return fine("%s has %s free", config.Data, humanize.IBytes(uint64(free)))
}

// existing is the path, or the nearest folder above it that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

func lookAtDatabase(ctx context.Context, config config) finding {
	if config.DatabaseURL != "" {
		return lookAtServer(ctx, config)
	}
	file := filepath.Join(config.Data, database.FileName)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return note("", "none yet; the first start makes %s", file)
	}
	db, err := database.Open(ctx, database.Config{Path: config.Data})
	if err == nil {
		err = errors.Join(db.Check(ctx), db.Close())
	}
	if broken, ok := errors.AsType[*database.Fault](err); ok {
		return fault(broken.Hint(), "%v", broken)
	}
	if err != nil {
		return fault("check the file and its folder", "%v", err)
	}
	return fine("%s is intact", file)
}

// lookAtBucket opens an object store; a folder is looked at with the disk.
func lookAtBucket(ctx context.Context, config config) finding {
	where := config.bucket()
	if where.URL == "" {
		return fine("pictures go to the folder %s", where.Dir)
	}
	opened, err := bucket.Open(ctx, where)
	if broken, ok := errors.AsType[*bucket.Fault](err); ok {
		return fault(broken.Hint(), "%v", broken)
	}
	if err != nil {
		return fault("correct --bucket-url", "%v", err)
	}
	if err := opened.Close(); err != nil {
		return fault("correct --bucket-url", "%v", err)
	}
	return fine("%s can be used", opened.Place())
}

func lookAtServer(ctx context.Context, config config) finding {
	db, err := database.Open(ctx, database.Config{URL: config.DatabaseURL})
	if broken, ok := errors.AsType[*database.Fault](err); ok {
		return fault(broken.Hint(), "%v", broken)
	}
	if err != nil {
		return fault("correct --database-url", "%v", err)
	}
	place := db.Place()
	if err := errors.Join(db.Ping(ctx), db.Close()); err != nil {
		return fault("see the log of the database server", "%v", err)
	}
	return fine("%s answers and can be written", place)
}

func lookAtEgress(ctx context.Context, config config) finding {
	address, err := new(net.Resolver).LookupNetIP(ctx, "ip", host(config.Listen))
	if err != nil || len(address) == 0 {
		return fault("set --listen HOST:PORT", "the address %s cannot be found: %v", config.Listen, err)
	}
	listening := netip.AddrPortFrom(address[0].Unmap(), 0)
	if _, err := config.policy([]netip.AddrPort{listening}, nil); err != nil {
		return fault("correct the rule", "%v", err)
	}
	private := word(config.AllowsPrivate(listening), "allowed", "refused")
	text := "private targets are " + private + " (--private-targets " + config.PrivateTargets + ", listening on " + config.Listen + ")"
	if len(config.EgressAllow) > 0 {
		text += "; allowed too: " + strings.Join(config.EgressAllow, ", ")
	}
	if len(config.EgressDeny) > 0 {
		text += "; never: " + strings.Join(config.EgressDeny, ", ")
	}
	if config.ListedOnly {
		text += "; nothing but what is allowed (--egress-mode listed)"
	}
	return fine("%s", text)
}

// host is the host of --listen; an empty one means every address.
func host(listen string) string {
	name, _, err := net.SplitHostPort(listen)
	if err != nil || name == "" {
		return "0.0.0.0"
	}
	return name
}
