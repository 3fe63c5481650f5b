package main

import (
	"context"
	"time"

	"github.com/spf13/pflag"

	"darkroom/client"
)

// target is the server that a command uses: one that runs already, or one
// inside this process for as long as the command takes.
type target struct {
	*client.Client
	URL string

	// here is the server inside this process, nil for another one: nobody else
	// can watch or continue its jobs.
	here *temporaryServer
}

// leave stops the server if it is ours. What cannot be stopped or removed is
// told, but is no reason to fail a command that has done its work.
func (p *program) leave(ctx context.Context, t *target) {
	if t.here == nil {
		return
	}
	if err := t.here.Stop(ctx); err != nil {
		p.say("warning: %v", err)
	}
}

// whereFlags are the flags that say where a command runs.
type whereFlags struct {
	server string
	local  bool
	known  *pflag.FlagSet // with the flags of settings, for a server in this process
}

func (w *whereFlags) add(flags *pflag.FlagSet, here bool) {
	flags.StringVar(&w.server, "server", "", "`URL` of the server (default: DARKROOM_URL, else that of `darkroom login`, else one of this machine, else none)")
	if here {
		flags.BoolVar(&w.local, "local", false, "run here, without a server")
		addSettingFlags(flags, "chromium", "concurrency", "isolation", "private-targets", "egress-allow", "egress-deny", "egress-mode", "ca-file", "allow-insecure-tls")
	}
	w.known = flags
}

// connect finds where to run, in this order: --server, DARKROOM_URL, the server
// that was logged in to, a server of this machine that answers, inside this
// process. It says what it chose.
func (p *program) connect(ctx context.Context, where *whereFlags) (*target, error) {
	if where.local {
		return p.runHere(ctx, where)
	}
	running, err := p.findServer(ctx, where)
	if running != nil || err != nil {
		return running, err
	}
	return p.runHere(ctx, where)
}

// connectServer is connect for commands that make sense with a lasting server
// only.
func (p *program) connectServer(ctx context.Context, where *whereFlags) (*target, error) {
	running, err := p.findServer(ctx, where)
	if running == nil && err == nil {
		err = environmentFault("start one with `darkroom serve`, or name one with --server URL", "no server found")
	}
	return running, err
}

// findServer gives nil when none was named and none of this machine answers.
func (p *program) findServer(ctx context.Context, where *whereFlags) (*target, error) {
	known, err := readCredentials(p.env)
	if err != nil {
		return nil, err
	}
	for _, named := range []string{where.server, p.env["DARKROOM_URL"]} {
		if named != "" {
			return p.namedServer(named, known)
		}
	}
	if login, ok := known.find(func(one credential) bool { return one.Data == "" }); ok {
		return p.use(login.URL, login.Key), nil
	}
	for _, candidate := range known.Servers {
		if answers(ctx, candidate.URL) {
			return p.use(candidate.URL, candidate.Key), nil
		}
	}
	return nil, nil
}

func (p *program) namedServer(url string, known credentials) (*target, error) {
	key := p.env["DARKROOM_API_KEY"]
	if key == "" {
		saved, ok := known.ofURL(url)
		if !ok {
			return nil, &exit{
				Code: exitAuth, Word: "unauthorized", Message: "no API key for " + url,
				Hint: "set DARKROOM_API_KEY; the server's operator makes one with `darkroom keys create`",
			}
		}
		key = saved.Key
	}
	return p.use(url, key), nil
}

func (p *program) use(url, key string) *target {
	p.whisper("using %s", url)
	return &target{Client: newClient(url, key), URL: url}
}

func newClient(url, key string) *client.Client {
	return client.New(url, key, client.WithUserAgent("darkroom-cli/"+Version))
}

// answers reports whether a Darkroom server is there. A server of this machine
// needs no more than the half second.
func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	health, err := client.New(url, "none", client.WithRetries(0)).Health(ctx)
	return err == nil && health.Status == "ok"
}

// runHere starts a whole server on a free port of loopback and a temporary
// folder. Settings hold for it as for `serve`, except where it listens and
// keeps its data.
func (p *program) runHere(ctx context.Context, where *whereFlags) (*target, error) {
	config, err := p.temporaryConfig(where.known)
	if err != nil {
		return nil, err
	}
	p.whisper("running here (no server)")
	running, err := p.startTemporary(ctx, config)
	if err != nil {
		return nil, err
	}
	return running.target(), nil
}
