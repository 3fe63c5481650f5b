package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return p.version() },
	}
}

func (p *program) version() error {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	if p.json {
		return p.emit(map[string]string{
			"message_type": "version", "version": Version, "revision": revision(), "go": runtime.Version(), "platform": platform,
		})
	}
	_, err := fmt.Fprintf(p.stdout, "darkroom %s %s (%s %s)\n", Version, revision(), runtime.Version(), platform)
	return err
}

// revision is the commit that the program was built from, where the build
// recorded it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return "unknown"
}
