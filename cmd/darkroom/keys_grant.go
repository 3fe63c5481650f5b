package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"darkroom"
)

// grantFlags are the flags that say what a new key may do.
type grantFlags struct {
	scopes []string
	limits darkroom.KeyLimits
}

func (f *grantFlags) add(flags *pflag.FlagSet) {
	var standard, all []string
	for _, scope := range darkroom.DefaultGrant().Scopes {
		standard = append(standard, string(scope))
	}
	for _, scope := range darkroom.Scopes() {
		all = append(all, string(scope))
	}
	flags.StringSliceVar(&f.scopes, "scope", standard, "what the key may do: "+strings.Join(all, ", "))
	for _, limit := range darkroom.KeyLimitTable() {
		flags.IntVar(limit.In(&f.limits), strings.ReplaceAll(limit.Name, "_", "-"), 0,
			fmt.Sprintf("%s 0: %s", limit.Doc, limit.Default))
	}
}

func (f *grantFlags) grant() darkroom.Grant {
	grant := darkroom.Grant{Limits: f.limits}
	for _, scope := range f.scopes {
		grant.Scopes = append(grant.Scopes, darkroom.Scope(strings.TrimSpace(scope)))
	}
	return grant
}

// scopeWords are the scopes as the list shows them.
func scopeWords(scopes []darkroom.Scope) string {
	words := make([]string, len(scopes))
	for i, scope := range scopes {
		words[i] = string(scope)
	}
	return strings.Join(words, ",")
}
