package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"darkroom"
)

// temporaryServer is a server inside this process, for one command: on a free
// port of loopback, with a folder and a key of its own.
type temporaryServer struct {
	*server
	Key  string
	Keep bool // leave the folder when it stops

	logFile *os.File
}

func newKeySecret() string {
	var random [24]byte
	rand.Read(random[:])
	return darkroom.NewAPIKeySecret(random)
}

// temporaryConfig is the operator's settings but for where the server listens
// and keeps its data.
func (p *program) temporaryConfig(flags *pflag.FlagSet) (config, error) {
	folder, err := os.MkdirTemp("", "darkroom-data-")
	if err != nil {
		return config{}, fmt.Errorf("make a temporary folder: %w", err)
	}
	env := environment{}
	for name, text := range p.env {
		env[name] = text
	}
	env["DARKROOM_LISTEN"], env["DARKROOM_DATA"] = "127.0.0.1:0", folder
	for _, name := range []string{"DARKROOM_BUCKET_URL", "DARKROOM_DATABASE_URL", "DARKROOM_ROLE", "DARKROOM_SECRET_KEY"} {
		delete(env, name)
	}
	settings, err := (&program{env: env}).config(flags)
	if err != nil {
		return config{}, errors.Join(err, os.Remove(folder))
	}
	settings.BucketURL, settings.DatabaseURL, settings.Role = "", "", roleAll // what a file says
	return settings, nil
}

// startTemporary starts a server in the folder of config, which must be there.
// Its log goes to the folder: the command says itself what a person must know.
func (p *program) startTemporary(ctx context.Context, config config) (*temporaryServer, error) {
	logFile, err := os.Create(filepath.Join(config.Data, "darkroom.log"))
	if err != nil {
		return nil, fmt.Errorf("make the log: %w", err)
	}
	key := newKeySecret()
	log := slog.New(slog.NewTextHandler(logFile, nil))
	running, err := startServer(ctx, config, log, func(ctx context.Context, s *server) error {
		return s.store.ImportKey(ctx, "temporary", key, "")
	})
	temporary := &temporaryServer{server: running, Key: key, logFile: logFile}
	if err != nil {
		return nil, errors.Join(err, logFile.Close(), os.RemoveAll(config.Data))
	}
	return temporary, nil
}

// target is the server as a command uses it.
func (t *temporaryServer) target() *target {
	return &target{Client: newClient(t.URL, t.Key), URL: t.URL, here: t}
}

// Stop ends the server without waiting for captures that nobody will fetch any
// more, and removes its folder.
func (t *temporaryServer) Stop(ctx context.Context) error {
	const lastMoment = time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastMoment)
	defer cancel()
	err := errors.Join(t.server.Stop(ctx), t.logFile.Close())
	if !t.Keep {
		err = errors.Join(err, os.RemoveAll(t.config.Data))
	}
	return err
}
