package sitemap

import (
	"errors"
	"regexp"
	"regexp/syntax"

	"darkroom"
)

// maxPatternSteps bounds the program that a pattern becomes: a short pattern
// with counted repeats can become a huge one.
const maxPatternSteps = 2500

// CompilePatterns reads the patterns of a crawl; param is the request field
// that they came in. Empty ones are left out. The error is a validation error
// that names the first pattern at fault and says what is wrong with it.
func CompilePatterns(param string, patterns []string) ([]*regexp.Regexp, error) {
	if len(patterns) > darkroom.MaxPatterns {
		return nil, darkroom.Invalid(param, "%s has %d patterns; %d are the limit", param, len(patterns), darkroom.MaxPatterns)
	}
	var compiled []*regexp.Regexp
	for _, pattern := range patterns {
		if pattern == "" {
			continue
		}
		expression, err := compilePattern(param, pattern)
		if err != nil {
			return nil, err
		}
		compiled = append(compiled, expression)
	}
	return compiled, nil
}

func compilePattern(param, pattern string) (*regexp.Regexp, error) {
	if len(pattern) > darkroom.MaxPatternBytes {
		return nil, darkroom.Invalid(param, "%s has a pattern of %d bytes; %d are the limit", param, len(pattern), darkroom.MaxPatternBytes)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, unreadablePattern(param, pattern, err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, unreadablePattern(param, pattern, err)
	}
	if len(program.Inst) > maxPatternSteps {
		return nil, darkroom.Invalid(param, "%s: the pattern %s repeats too much", param, quote(pattern))
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return nil, unreadablePattern(param, pattern, err)
	}
	return expression, nil
}

func unreadablePattern(param, pattern string, err error) error {
	why := err.Error()
	if broken, ok := errors.AsType[*syntax.Error](err); ok {
		why = string(broken.Code) + " in " + quote(broken.Expr)
	}
	invalid := darkroom.Invalid(param, "%s: the pattern %s cannot be read: %s", param, quote(pattern), why)
	invalid.Hint = "Patterns are regular expressions as RE2 has them, without look-around and back-references"
	return invalid
}
