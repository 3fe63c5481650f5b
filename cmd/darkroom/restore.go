package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"darkroom/internal/backup"
	"darkroom/internal/bucket"
)

const restoreHelp = `Make a data folder of a file that "darkroom backup" has written.

The folder must be empty or missing. Where the backup was made without the secret
key, put secret.key into the folder before: it may be there. Jobs that were running
go on when a server starts on the folder, and webhooks that were not delivered are
sent: stop the server that the backup is of.`

func (p *program) restoreCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "restore FILE", Short: "Make a data folder of a backup", Long: restoreHelp, Args: cobra.ExactArgs(1),
		Example: "  darkroom restore /backup/darkroom.tar --data /var/lib/darkroom",
		RunE: func(command *cobra.Command, args []string) error {
			config, err := p.config(command.Flags())
			if err != nil {
				return err
			}
			return p.restore(command.Context(), config, args[0])
		},
	}
	addSettingFlags(command.Flags(), "data", "bucket-url")
	return command
}

func (p *program) restore(ctx context.Context, config config, path string) (err error) {
	if !config.embedded() {
		return usage("a backup is restored to SQLite in a data folder: leave --database-url out")
	}
	file, err := os.Open(path)
	if err != nil {
		return usage("cannot read the backup: %v", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	had, err := checkEmpty(config.Data)
	if err != nil {
		return err
	}
	folder, err := openDataFolder(config.Data)
	if err != nil {
		return err
	}
	if err := folder.Lock(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Unlock()) }()
	summary, err := readBackup(ctx, config, file)
	if err != nil {
		err = errors.Join(err, folder.empty(had))
		if errors.Is(err, backup.ErrNotWhole) {
			return environmentFault("take another backup; nothing was restored", "%s: %v", path, err)
		}
		return err
	}
	return p.showSummary("restore", config.Data, summary)
}

// checkEmpty refuses a folder in which there is something besides secret.key,
// and tells whether that is there.
func checkEmpty(path string) (secret bool, err error) {
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("look into the data folder: %w", err)
	}
	for _, entry := range entries {
		if entry.Name() != secretKeyName {
			return false, environmentFault("name an empty folder with --data DIR", "%s is not empty: it has %s in it", path, entry.Name())
		}
		secret = true
	}
	return secret, nil
}

func readBackup(ctx context.Context, config config, file *os.File) (_ backup.Summary, err error) {
	pictures, err := bucket.Open(ctx, config.bucket())
	if err != nil {
		return backup.Summary{}, err
	}
	defer func() { err = errors.Join(err, pictures.Close()) }()
	return backup.Read(ctx, file, backup.Target{Folder: config.Data, Bucket: pictures})
}

// empty takes away what a restore that failed has left.
func (d *dataFolder) empty(butSecret bool) error {
	entries, err := os.ReadDir(d.Path)
	for _, entry := range entries {
		if entry.Name() != secretKeyName || !butSecret {
			err = errors.Join(err, os.RemoveAll(d.file(entry.Name())))
		}
	}
	return err
}
