package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"darkroom/internal/backup"
	"darkroom/internal/bucket"
	"darkroom/internal/database"
)

const backupHelp = `Write one file with the database and every picture of a server of this machine.

The server may run meanwhile: the database is copied as it is at one moment, then
the pictures that it names. FILE must not exist; it gets its name when it is whole.

secret.key is in it, so keep the file as safe as the server, or leave the key out
with --without-secret-key and keep it elsewhere. API keys are in it as hashes only.`

func (p *program) backupCommand() *cobra.Command {
	var withoutSecret bool
	command := &cobra.Command{
		Use: "backup FILE", Short: "Write everything that a server has to one file", Long: backupHelp, Args: cobra.ExactArgs(1),
		Example: "  darkroom backup /backup/darkroom.tar --data /var/lib/darkroom",
		RunE: func(command *cobra.Command, args []string) error {
			config, err := p.config(command.Flags())
			if err != nil {
				return err
			}
			return p.backup(command.Context(), config, args[0], !withoutSecret)
		},
	}
	command.Flags().BoolVar(&withoutSecret, "without-secret-key", false, "leave secret.key out")
	addSettingFlags(command.Flags(), "data", "bucket-url")
	return command
}

func (p *program) backup(ctx context.Context, config config, path string, withSecret bool) (err error) {
	if !config.embedded() {
		return usage("the rows are in PostgreSQL: back them up with pg_dump, then the bucket; see docs/deploy.md")
	}
	folder := &dataFolder{Path: config.Data}
	if _, err := os.Stat(folder.file(database.FileName)); errors.Is(err, fs.ErrNotExist) {
		return environmentFault("name the data folder of the server with --data DIR", "there is no database in %s", config.Data)
	}
	if folder, err = openDataFolder(config.Data); err != nil {
		return err
	}
	if err := folder.Share(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Unlock()) }()
	file, err := newWhole(path)
	if err != nil {
		return err
	}
	defer file.abandon()
	summary, err := writeBackup(ctx, config, folder, file.File, withSecret)
	if err != nil {
		return err
	}
	if err := file.keep(); err != nil {
		return err
	}
	return p.showSummary("backup", path, summary)
}

func writeBackup(ctx context.Context, config config, folder *dataFolder, to *os.File, withSecret bool) (_ backup.Summary, err error) {
	secret, err := config.secretKey(folder)
	if err != nil {
		return backup.Summary{}, err
	}
	// Beside the backup, where there is room for all of it.
	work, err := os.MkdirTemp(filepath.Dir(to.Name()), ".darkroom-backup-*")
	if err != nil {
		return backup.Summary{}, fmt.Errorf("make a folder for the copy of the database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := database.Snapshot(ctx, config.Data, filepath.Join(work, database.FileName)); err != nil {
		return backup.Summary{}, err
	}
	pictures, err := bucket.Open(ctx, config.bucket())
	if err != nil {
		return backup.Summary{}, err
	}
	defer func() { err = errors.Join(err, pictures.Close()) }()
	config.Data = work
	db, rows, _, err := openStore(ctx, config, secret, uncounted(), slog.New(slog.DiscardHandler))
	if err != nil {
		return backup.Summary{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	source := backup.Source{Version: Version, Database: filepath.Join(work, database.FileName), Artifacts: rows.Artifacts(ctx), Bucket: pictures}
	if withSecret && config.SecretKey == "" {
		if source.Secret, err = os.ReadFile(folder.file(secretKeyName)); err != nil {
			return backup.Summary{}, fmt.Errorf("read the secret key: %w", err)
		}
	}
	return backup.Write(ctx, to, source)
}

// whole is a file that gets its name when all of it is on disk.
type whole struct {
	*os.File
	name string
}

func newWhole(path string) (*whole, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, usage("%s is there already: choose another name", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".darkroom-backup-*.part")
	if err != nil {
		return nil, environmentFault("choose another place for the file", "cannot write %s: %v", path, err)
	}
	return &whole{File: file, name: path}, nil
}

func (w *whole) keep() error {
	if err := errors.Join(w.Sync(), w.Close(), os.Rename(w.Name(), w.name)); err != nil {
		return fmt.Errorf("write %s: %w", w.name, err)
	}
	return nil
}

// abandon removes what was not kept.
func (w *whole) abandon() {
	_ = w.Close()
	_ = os.Remove(w.Name())
}

func (p *program) showSummary(kind, path string, summary backup.Summary) error {
	if p.json {
		return p.emit(struct {
			MessageType string `json:"message_type"`
			Path        string `json:"path"`
			backup.Summary
		}{kind, path, summary})
	}
	p.say("%s: %d pictures, %s", path, summary.Pictures, humanize.IBytes(uint64(summary.Bytes)))
	if summary.Missing > 0 {
		p.say("%d pictures had gone: those of jobs that have expired or were deleted meanwhile, or that were lost before", summary.Missing)
	}
	if !summary.Secret {
		p.say("secret.key is not in it: without it webhook secrets and the secrets of open jobs cannot be read")
	}
	return nil
}
