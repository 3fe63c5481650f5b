package main

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"darkroom/docs"
)

// topics are what `darkroom help TOPIC` explains besides the commands.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-codes", Short: "What the program ends with", Long: `  0    all captured; done
  1    unexpected error
  2    usage, or a question that nobody could answer
  3    partial: some URLs failed (--allow-failures makes it 0)
  4    authentication
  5    every URL failed
  6    environment: no browser, no server, doctor found a fault
  7    --timeout reached while waiting; the job goes on
  8    not found, or expired
  130  interrupted

These stay what they are. A script must take a code that it does not know for a
failure.`},
		{Use: "environment", Short: "What the program reads from the environment", Long: `  DARKROOM_URL            the server that commands use, as --server does
  DARKROOM_API_KEY        the key for it; for serve, the first key of a new folder
  DARKROOM_SECRET_KEY     seals secrets in rows, the same on every instance
  DARKROOM_WEBHOOK_SECRET the webhook secret of the first key
  DARKROOM_…              every setting: darkroom config show names them
  NO_COLOR, TERM=dumb     no colour; a dumb terminal is treated like a pipe
  FORCE_COLOR             colour although stderr is no terminal
  XDG_CONFIG_HOME         where config.yaml and credentials are (~/.config)
  XDG_DATA_HOME           where the data folder is (~/.local/share)
  HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE
                          how the commands reach a server
  DISPLAY, WAYLAND_DISPLAY
                          there is a desktop: demo and open use its browser

Captures never go through HTTP_PROXY: their way out is the egress policy, and
the option proxy.`},
		{Use: "formatting", Short: "What is written to a terminal, to a pipe and as JSON", Long: `stdout has results, stderr everything else.

  terminal   aligned columns with a header; progress and hints on stderr
  pipe       one line per result, columns separated by tabs, no header, full ids;
             progress as a plain line every ten seconds
  --json     one JSON object per line, each with a message_type or, from get and
             list, as the API has it; an error is one on stderr:
             {"message_type":"exit_error","code":3,"error":"partial"}

--progress plain or none chooses another progress; --quiet is none. Fields are
only ever added. Nothing is asked unless stdin and stderr are terminals.`},
		{Use: "private-urls", Short: "When localhost and private addresses may be captured", Long: `A server that listens on loopback only, and a command that runs here, may capture
private addresses: localhost, 10.0.0.0/8 and so on. One that others can reach
may not, because its users would see its network through its eyes.

  --private-targets allow    lifts that
  --egress-allow 10.1.2.3:80 lifts it for one address

Addresses of clouds' metadata are refused always. darkroom docs egress has every
rule.`},
		{Use: "agents", Short: "Facts for programs that drive this one", Long: `  One picture:      darkroom shot URL -o out.png --json
  Many:             darkroom batch -f urls.txt -o out.zip --json
  A site:           darkroom sitemap URL --max-pages 50 -o out.zip --json
  What it would be: darkroom sitemap URL --list
  Start, come back: darkroom batch … --detach, then darkroom jobs watch ID --json
  Why it failed:    index.json in the ZIP: error_code and error of each URL

No command asks anything without a terminal. No server is needed; with one
(--server URL, DARKROOM_URL) the same commands run there. Exit codes: darkroom
help exit-codes. Over the Model Context Protocol: darkroom mcp.`},
	}
}

func (p *program) docsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "docs [TOPIC]", Short: "Read the documentation, which is part of the program", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: wordsOf(pagesOfDocs()...),
		RunE:              func(_ *cobra.Command, args []string) error { return p.docs(args) },
	}
}

func (p *program) docs(args []string) error {
	known := pagesOfDocs()
	if len(args) == 0 {
		_, err := fmt.Fprintln(p.stdout, strings.Join(known, "\n"))
		p.whisper("darkroom docs TOPIC shows one; a server has them all at /docs")
		return err
	}
	content, err := docs.Files.ReadFile(args[0] + ".md")
	if err != nil {
		return usage("there is no page %q%s", args[0], didYouMean(args[0], known))
	}
	if _, err := p.stdout.Write(content); err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	return nil
}

func pagesOfDocs() []string {
	files, _ := fs.Glob(docs.Files, "*.md") // the pattern is well-formed
	for i, file := range files {
		files[i] = strings.TrimSuffix(file, ".md")
	}
	return files
}
