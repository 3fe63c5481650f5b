package database

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// numbered writes each ? that is a placeholder as $1, $2, …; one inside a
// string, a quoted name or a comment is none.
func numbered(query string) string {
	if !strings.Contains(query, "?") {
		return query
	}
	var out strings.Builder
	out.Grow(len(query) + 16)
	n := 0
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case c == '\'' || c == '"':
			end := i + 1 + closing(query[i+1:], string(c))
			out.WriteString(query[i:end])
			i = end - 1
		case strings.HasPrefix(query[i:], "--"):
			end := i + closing(query[i:], "\n")
			out.WriteString(query[i:end])
			i = end - 1
		case c == '?':
			n++
			out.WriteString("$" + strconv.Itoa(n))
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// closing is how much of text there is up to and with its first mark.
func closing(text, mark string) int {
	if i := strings.Index(text, mark); i >= 0 {
		return i + len(mark)
	}
	return len(text)
}

// encoded gives values in the types of the columns: a bool is a 0 or 1. TEXT
// holds neither NUL nor what is not UTF-8, and pages have titles with both.
func encoded(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch value := arg.(type) {
		case bool:
			out[i] = int64(0)
			if value {
				out[i] = int64(1)
			}
		case string:
			out[i] = text(value)
		default:
			out[i] = arg
		}
	}
	return out
}

func text(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// decoded lets a bool be scanned from a 0 or 1.
func decoded(dest []any) []any {
	out := dest
	for i, one := range dest {
		if flag, ok := one.(*bool); ok {
			if &out[0] == &dest[0] {
				out = append([]any(nil), dest...)
			}
			out[i] = (*zeroOrOne)(flag)
		}
	}
	return out
}

type zeroOrOne bool

// Scan reads a number or a boolean.
func (z *zeroOrOne) Scan(value any) error {
	switch value := value.(type) {
	case int64:
		*z = value != 0
	case bool:
		*z = zeroOrOne(value)
	default:
		return fmt.Errorf("%T is no yes or no", value)
	}
	return nil
}
