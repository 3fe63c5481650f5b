package darkroom

// Limits of jobs that capture a URL in several ways.
const (
	MaxVariants         = 10
	MaxVariantNameBytes = 40

	// MaxVariantCaptures is how many captures a job with variants may come to:
	// URLs, or pages at most, times variants.
	MaxVariantCaptures = 50_000
)

// Variant is one of several ways in which each URL of a job is captured.
type Variant struct {
	Name string // unique in its job whatever its case; file names end with it
	Set  OptionSet
}

// ValidVariantName reports whether a file name may end with that: ASCII
// letters, digits, dots, dashes and underscores, a letter or digit first and
// last, at most MaxVariantNameBytes.
func ValidVariantName(name string) bool {
	if name == "" || len(name) > MaxVariantNameBytes {
		return false
	}
	dots := false
	for i := range len(name) {
		c := name[i]
		inner := i > 0 && i < len(name)-1 && (c == '-' || c == '_' || c == '.' && !dots)
		if !letterOrDigit(c) && !inner {
			return false
		}
		dots = c == '.'
	}
	return true
}

func letterOrDigit(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// CapturesPerURL is how many captures each URL of the job has: one for each
// variant, one without any.
func (j *Job) CapturesPerURL() int { return max(1, j.Variants) }

// URLs is how many URLs the job captures, as far as they are known.
func (j *Job) URLs() int { return j.Progress.Total / j.CapturesPerURL() }
