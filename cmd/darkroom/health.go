package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// healthPatience is how long the server may take to answer.
const healthPatience = 5 * time.Second

func (p *program) healthCommand() *cobra.Command {
	var ready bool
	command := &cobra.Command{
		Use: "health", Short: "Ask the server of this machine how it is", Args: cobra.NoArgs,
		Long: `Ask the server of this machine how it is: exit code 0 when it answers, else 6.

DATA/listen-address says where it listens. For health checks of containers: it
needs no key and no other program.`,
		Example: "  darkroom health\n  darkroom health --ready",
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := p.config(command.Flags())
			if err != nil {
				return err
			}
			return p.health(command.Context(), &dataFolder{Path: config.Data}, ready)
		},
	}
	command.Flags().BoolVar(&ready, "ready", false, "whether it can take and do work, not only whether it answers")
	addSettingFlags(command.Flags(), "data")
	return command
}

func (p *program) health(ctx context.Context, folder *dataFolder, ready bool) error {
	address, err := os.ReadFile(folder.file(listenAddressName))
	if errors.Is(err, fs.ErrNotExist) {
		return environmentFault("start it with darkroom serve, or name its folder with --data DIR", "no server works on %s", folder.Path)
	}
	if err != nil {
		return fmt.Errorf("find the server: %w", err)
	}
	path := "/healthz"
	if ready {
		path = "/readyz"
	}
	status, answer, err := ask(ctx, "http://"+strings.TrimSpace(string(address))+path)
	if err != nil {
		return environmentFault("look into its log", "the server does not answer: %v", err)
	}
	if status != http.StatusOK {
		return environmentFault("ask for /readyz?verbose with a key", "the server answers %d: %s", status, answer)
	}
	p.say("%s", answer)
	return nil
}

func ask(ctx context.Context, address string) (status int, text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	answer, err := new(http.Client).Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	return answer.StatusCode, strings.TrimSpace(string(body)), err
}
