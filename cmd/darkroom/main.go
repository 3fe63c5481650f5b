package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"darkroom/internal/isolation"
)

// Version is what `darkroom version`, /health and the start banner say.
const Version = "0.1.0"

func main() {
	isolation.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program without the process around it: it returns the exit code
// (exit.go lists them) and does not touch os.Args, os.Environ or the standard
// streams. The end of ctx is the first signal.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{env: parseEnvironment(env), stdin: stdin, stdout: stdout, stderr: stderr}
	root := p.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	failure := asExit(ctx, err)
	p.tellFailure(failure)
	return failure.Code
}
