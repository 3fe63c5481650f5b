package main

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/spf13/cobra"

	"darkroom/internal/chrome"
	"darkroom/internal/mcp"
)

func (p *program) mcpCommand() *cobra.Command {
	var where whereFlags
	command := &cobra.Command{
		Use: "mcp", Short: "Let an agent take and look at pictures, over stdin and stdout", Args: cobra.NoArgs,
		Long: `Let an agent take and look at pictures: a server of the Model Context Protocol
over stdin and stdout. It uses a server as the other commands do, or one inside
this process, which starts with the first call and whose jobs end with it.
A running server has the same tools at /mcp. docs/mcp.md tells how clients are
set up.`,
		Example: "  claude mcp add darkroom -- darkroom mcp\n  darkroom mcp --server https://shots.example.com",
		RunE: func(command *cobra.Command, _ []string) error {
			return p.mcp(command.Context(), &where)
		},
	}
	where.add(command.Flags(), true)
	return command
}

func (p *program) mcp(ctx context.Context, where *whereFlags) error {
	connect, leave := p.lazily(ctx, where)
	defer leave()
	return newAgents().Serve(ctx, readCloser(p.stdin), writeCloser{p.stdout}, connect)
}

// agents answers /mcp.
func (s *server) agents(api http.Handler) http.Handler {
	return newAgents().Handler(api, s.config.dashboardURL(s.URL))
}

func newAgents() *mcp.Server {
	return mcp.New(mcp.Config{Version: Version, Preview: chrome.Preview})
}

// lazily connects with the first call: agents start all of their servers with
// every session, and few are used. A server in this process lives until leave.
func (p *program) lazily(ctx context.Context, where *whereFlags) (connect mcp.Connect, leave func()) {
	var mu sync.Mutex
	var known *target
	connect = func(context.Context) (mcp.Link, error) {
		mu.Lock()
		defer mu.Unlock()
		if known == nil {
			found, err := p.connect(ctx, where)
			if err != nil {
				return mcp.Link{}, err
			}
			known = found
		}
		if known.here != nil {
			return mcp.Link{Client: known.Client}, nil // nobody else has its key
		}
		return mcp.Link{Client: known.Client, Dashboard: known.URL}, nil
	}
	return connect, func() {
		mu.Lock()
		defer mu.Unlock()
		if known != nil {
			p.leave(ctx, known)
		}
	}
}

func readCloser(in io.Reader) io.ReadCloser {
	if closer, ok := in.(io.ReadCloser); ok {
		return closer
	}
	return io.NopCloser(in)
}

// writeCloser leaves what it writes to open.
type writeCloser struct{ io.Writer }

// Close does nothing.
func (writeCloser) Close() error { return nil }
