package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"darkroom/internal/isolation"
)

const serveHelp = `Serve the API and take the pictures.

Every flag is also a variable in the environment (--max-urls is
DARKROOM_MAX_URLS) and a key of the config file (max-urls: 500); a flag wins
over the environment, that over the file, that over the default. The file is
--config, else $XDG_CONFIG_HOME/darkroom/config.yaml, else
/etc/darkroom/config.yaml.

The first start makes an API key: shown once on a terminal, else written to
DATA/initial-admin-key. DARKROOM_API_KEY sets it instead, and
DARKROOM_WEBHOOK_SECRET its webhook secret; then nothing is made or shown.
While the API serves, DATA/listen-address holds its host:port.

SIGTERM or Ctrl-C: nothing new is taken, captures in flight get 18 seconds,
what is left is handed back without costing an attempt. A second signal: now.`

func (p *program) serveCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "serve", Short: "Serve the API and take the pictures", Long: serveHelp, Args: cobra.NoArgs,
		Example: "  darkroom serve\n  darkroom serve --listen 0.0.0.0:8484 --data /var/lib/darkroom --retention 7d",
		RunE: func(command *cobra.Command, _ []string) error {
			return p.serve(command.Context(), command.Flags())
		},
	}
	command.Flags().SortFlags = false
	addSettingFlags(command.Flags())
	return command
}

// config reads the settings of a command with (some of) their flags.
func (p *program) config(flags *pflag.FlagSet) (config, error) {
	path := ""
	if flags != nil && flags.Lookup("config") != nil {
		path, _ = flags.GetString("config") // it is there and text
	}
	known, err := loadSettings(p.env, flags, path)
	if err != nil {
		return config{}, err
	}
	return newConfig(known, p.env)
}

func (p *program) serve(ctx context.Context, flags *pflag.FlagSet) error {
	config, err := p.config(flags)
	if err != nil {
		return err
	}
	easeCollector(p.env)
	s, err := startServer(ctx, config, p.newLog(config.LogFormat), p.introduce)
	if err != nil {
		return err
	}
	var failure error
	select {
	case <-ctx.Done():
		s.log.Info("stopping; a second signal stops at once")
	case failure = <-s.Failed():
	}
	hurry, stop := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = errors.Join(failure, s.Stop(hurry))
	if err == nil && hurry.Err() != nil {
		return quietly(exitInterrupted, "interrupted")
	}
	return err
}

// newLog makes the log of a serving process.
func (p *program) newLog(format string) *slog.Logger {
	options := &slog.HandlerOptions{ReplaceAttr: readable}
	if format == "json" || format == "auto" && !p.terminal(p.stderr) {
		return slog.New(slog.NewJSONHandler(p.stderr, options))
	}
	return slog.New(slog.NewTextHandler(p.stderr, options))
}

// readable writes durations as 1.5s, also in JSON, where slog would count
// nanoseconds.
func readable(_ []string, attr slog.Attr) slog.Attr {
	if attr.Value.Kind() == slog.KindDuration {
		attr.Value = slog.StringValue(attr.Value.Duration().String())
	}
	return attr
}

// introduce makes the folder's first key, keeps the credentials of the local
// command line true, and tells what was started. It runs before the API
// answers, so that whoever sees the API finds the key.
func (p *program) introduce(ctx context.Context, s *server) error {
	key, err := p.firstKey(ctx, s)
	if err != nil {
		return err
	}
	saved, err := p.saveCredential(ctx, s, key)
	if err != nil {
		s.log.Warn("the credentials for the local command line were not saved", "err", err)
	}
	if s.engine == nil {
		return p.introduceAPI(s, key)
	}
	browser := s.engine.Browser()
	if browser.Outdated() {
		s.log.Warn("the browser is old, and pages may know holes in it that were closed since: install the newest version",
			"browser", browser.Path, "browser_version", browser.Version)
	}
	if isolated := s.engine.Isolation(); !isolated.On && s.config.Isolation != isolation.Off {
		s.log.Warn("browsers have no namespace of their own, only their proxy and sandbox contain them",
			"err", isolated.Reason, "hint", isolation.Advice)
	}
	if p.terminal(p.stderr) {
		p.banner(s, browser.Product+" "+browser.Version)
		if err := p.showDashboard(ctx, s); err != nil {
			return err
		}
		p.showFirstKey(key, saved)
		return nil
	}
	s.log.Info("listening", "url", s.URL, "version", Version, "data", s.config.Data, "instance", s.instance,
		"browser", browser.Path, "browser_version", browser.Version, "slots", s.config.Slots, "max_slots", s.config.MaxSlots,
		"private_targets", s.Private, "isolation", s.engine.Isolation().String(), "browser_sandbox", true,
		"role", s.config.Role, "database", s.database.Place())
	return p.keepFirstKey(s, key)
}

// introduceAPI tells what was started without a browser.
func (p *program) introduceAPI(s *server, key string) error {
	s.log.Info("listening", "url", s.URL, "version", Version, "data", s.config.Data, "instance", s.instance,
		"private_targets", s.Private, "role", s.config.Role, "database", s.database.Place())
	return p.keepFirstKey(s, key)
}

// keepFirstKey writes the key that this start made to a file.
func (p *program) keepFirstKey(s *server, key string) error {
	if key == "" {
		return nil
	}
	path := s.folder.file(initialKeyName)
	if err := replaceFile(path, []byte(key+"\n")); err != nil {
		return err
	}
	s.log.Info("the first API key was written to a file; keep it elsewhere and remove the file", "path", path)
	return nil
}

// firstKey gives the secret of the key that this start made; "" when the
// folder had one or the operator gave one.
func (p *program) firstKey(ctx context.Context, s *server) (string, error) {
	given, webhookSecret := p.env["DARKROOM_API_KEY"], p.env["DARKROOM_WEBHOOK_SECRET"]
	if given != "" {
		return "", s.store.ImportKey(ctx, "first", given, webhookSecret)
	}
	if !s.Fresh {
		return "", nil
	}
	secret := newKeySecret()
	if err := s.store.ImportKey(ctx, "admin", secret, webhookSecret); err != nil {
		return "", err
	}
	return secret, nil
}

// saveCredential lets the local command line find this server: with the key
// just made, or with the one that it has already and that still works.
func (p *program) saveCredential(ctx context.Context, s *server, key string) (string, error) {
	known, err := readCredentials(p.env)
	if err != nil {
		return "", err
	}
	if key == "" {
		saved, ok := known.ofData(s.config.Data)
		if !ok {
			return "", nil
		}
		if _, err := s.store.KeyBySecret(ctx, saved.Key); err != nil {
			return "", nil // revoked since: the file is left as it is
		}
		key = saved.Key
	}
	return known.remember(credential{URL: s.URL, Key: key, Data: s.config.Data})
}

func (p *program) banner(s *server, browser string) {
	sharing := "this computer only; --listen 0.0.0.0:8484 to share"
	if !s.Address.Addr().IsLoopback() {
		sharing = "reachable from other computers"
	}
	private := "refused (--private-targets allow lifts it)"
	if s.Private {
		private = "allowed (--private-targets deny refuses them)"
	}
	p.say("darkroom %s", Version)
	p.say("  listening        %s   (%s)", s.URL, sharing)
	p.say("  data             %s   (results kept %s; --retention)", s.config.Data, s.config.Retention)
	p.say("  browser          %s, %d captures at a time   (--concurrency)", browser, s.config.Slots)
	p.say("  private targets  %s", private)
	p.say("  isolation        %s   (--isolation)", s.engine.Isolation())
}

// showDashboard prints where it is, with a link that logs in once. A log is no
// place for one: `darkroom login-link` makes others.
func (p *program) showDashboard(ctx context.Context, s *server) error {
	link, err := loginLink(ctx, s.store, s.config.dashboardURL(s.URL), "", "")
	if err != nil {
		return err
	}
	p.say("  dashboard        %s   (works once, 30 minutes; `darkroom login-link` makes another)", link)
	return nil
}

func (p *program) showFirstKey(key, saved string) {
	if key == "" {
		return
	}
	where := ""
	if saved != "" {
		where = ", already saved for this command line in " + saved
	}
	p.say("")
	p.say("  First start. Your API key, shown once%s:", where)
	p.say("      %s", key)
	p.say("")
	p.say("  Next, in another terminal:  darkroom batch https://example.com")
	fmt.Fprintln(p.stderr)
}
