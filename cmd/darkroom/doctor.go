package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// finding is what doctor says of one part.
type finding struct {
	MessageType string  `json:"message_type"` // "check"
	Name        string  `json:"name"`
	State       verdict `json:"state"`
	Message     string  `json:"message"`
	Todo        string  `json:"todo,omitempty"`
}

// verdict tells how bad a finding is. Only a fault makes doctor fail.
type verdict string

const (
	verdictOK    verdict = "ok"
	verdictNote  verdict = "note"
	verdictFault verdict = "fault"
)

func fine(format string, args ...any) finding {
	return finding{State: verdictOK, Message: fmt.Sprintf(format, args...)}
}

func note(todo, format string, args ...any) finding {
	return finding{State: verdictNote, Message: fmt.Sprintf(format, args...), Todo: todo}
}

func fault(todo, format string, args ...any) finding {
	return finding{State: verdictFault, Message: fmt.Sprintf(format, args...), Todo: todo}
}

// check is one examination. A later one may rely on what an earlier one has
// learned.
type check struct {
	name string
	look func(context.Context, config) finding
}

func (p *program) doctorCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "doctor", Short: "Look for what would keep the service from working", Args: cobra.NoArgs,
		Long: `Look for what would keep the service from working, and say what to do.

It takes the same settings as serve and examines what serve would use. A server
that runs meanwhile is not disturbed. Exit code 6 when something must be
mended; a note is no fault.`,
		RunE: func(command *cobra.Command, _ []string) error {
			return p.doctor(command.Context(), command.Flags())
		},
	}
	command.Flags().SortFlags = false
	addSettingFlags(command.Flags())
	return command
}

func (p *program) doctor(ctx context.Context, flags *pflag.FlagSet) error {
	config, err := p.config(flags)
	if err != nil {
		return err
	}
	faults := 0
	for _, check := range checks() {
		found := check.look(ctx, config)
		found.MessageType, found.Name = "check", check.name
		if err := p.showFinding(found); err != nil {
			return err
		}
		if found.State == verdictFault {
			faults++
		}
	}
	if faults > 0 {
		return environmentFault("", "%d of %d checks found a fault", faults, len(checks()))
	}
	return nil
}

func (p *program) showFinding(found finding) error {
	if p.json {
		return p.emit(found)
	}
	if _, err := fmt.Fprintf(p.stdout, "%-6s %-10s %s\n", found.State, found.Name, found.Message); err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	if found.Todo != "" {
		if _, err := fmt.Fprintf(p.stdout, "%17s → %s\n", "", found.Todo); err != nil {
			return fmt.Errorf("write to stdout: %w", err)
		}
	}
	return nil
}

func checks() []check {
	return []check{
		{"browser", lookAtBrowser},
		{"sandbox", lookAtSandbox},
		{"isolation", lookAtIsolation},
		{"picture", takePicture},
		{"fonts", lookAtFonts},
		{"memory", lookAtSharedMemory},
		{"files", lookAtFileLimit},
		{"disk", lookAtDisk},
		{"database", lookAtDatabase},
		{"bucket", lookAtBucket},
		{"egress", lookAtEgress},
	}
}
