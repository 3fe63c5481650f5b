package chrome

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"darkroom/internal/nssdb"
)

// authorities gives the bytes of a certificate database with the operator's
// own roots, nil when there are none. Every browser gets a copy into its home:
// it checks names, dates and chains then as for any other authority, which no
// flag would have it do.
func (r *runDir) authorities(ctx context.Context, roots []*x509.Certificate) ([]byte, error) {
	if len(roots) == 0 {
		return nil, nil
	}
	path := filepath.Join(r.path, nssdb.FileName)
	err := nssdb.Write(ctx, path, roots)
	content, readErr := os.ReadFile(path)
	if err := errors.Join(err, readErr, os.Remove(path)); err != nil {
		return nil, fmt.Errorf("make the browser trust additional certificate authorities: %w", err)
	}
	return content, nil
}

// trust puts the database where the browser with that folder looks for it.
func (r *runDir) trust(folder string, authorities []byte) error {
	if authorities == nil {
		return nil
	}
	home := filepath.Join(folder, "home")
	for _, path := range []string{filepath.Join(home, filepath.Dir(nssdb.FolderName)), filepath.Join(home, nssdb.FolderName)} {
		if err := errors.Join(os.Mkdir(path, 0o700), r.user.own(path)); err != nil {
			return fmt.Errorf("make a folder for certificate authorities: %w", err)
		}
	}
	path := filepath.Join(home, nssdb.FolderName, nssdb.FileName)
	if err := errors.Join(os.WriteFile(path, authorities, 0o600), r.user.own(path)); err != nil {
		return fmt.Errorf("give the browser its certificate authorities: %w", err)
	}
	return nil
}
