package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// table writes rows to stdout: aligned and with a header on a terminal,
// separated by tabs and without one elsewhere.
func (p *program) table(header []string, rows [][]string) error {
	if !p.terminal(p.stdout) {
		return writeRows(p.stdout, rows)
	}
	table := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
	err := writeRows(table, append([][]string{header}, rows...))
	if err == nil {
		err = table.Flush()
	}
	return err
}

func writeRows(out io.Writer, rows [][]string) error {
	for _, row := range rows {
		if _, err := fmt.Fprintln(out, strings.Join(row, "\t")); err != nil {
			return fmt.Errorf("write to stdout: %w", err)
		}
	}
	return nil
}
