package database

import (
	"slices"
	"testing"
)

func TestPlaceholdersAreNumbered(t *testing.T) {
	for query, want := range map[string]string{
		`SELECT 1`:                                 `SELECT 1`,
		`a = ? AND b = ?`:                          `a = $1 AND b = $2`,
		`a = '?' AND b = ?`:                        `a = '?' AND b = $1`,
		`a = 'it''s ?' OR b = ?`:                   `a = 'it''s ?' OR b = $1`,
		`LIKE ? ESCAPE '\' AND "odd?" = ?`:         `LIKE $1 ESCAPE '\' AND "odd?" = $2`,
		"a = ? -- why?\nAND b = ?":                 "a = $1 -- why?\nAND b = $2",
		`(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`:        `($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		`a = 'never closed ?`:                      `a = 'never closed ?`,
		`title = 'ä?' AND host = ?`:                `title = 'ä?' AND host = $1`,
		`SELECT pg_advisory_xact_lock($1) -- end?`: `SELECT pg_advisory_xact_lock($1) -- end?`,
	} {
		if got := numbered(query); got != want {
			t.Errorf("%s became %s, want %s", query, got, want)
		}
	}
}

func TestValuesFitTheColumns(t *testing.T) {
	got := encoded([]any{true, false, "ä", "a\x00b", "\xff", int64(7), []byte{0, 255}})
	want := []any{int64(1), int64(0), "ä", "a\uFFFDb", "\uFFFD", int64(7)}
	if !slices.Equal(got[:len(want)], want) || string(got[6].([]byte)) != "\x00\xff" {
		t.Errorf("%q", got)
	}
}
