package api

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxRanges is how many ranges one request may ask for; with more, the header
// is ignored. Each one may cost the start of another image.
const maxRanges = 16

// usableRange gives the Range header as http.ServeContent should see it: "" to
// ignore it, which RFC 9110 asks for where the syntax is wrong, and a range
// behind the end where no part can be had. ServeContent itself would answer
// 416 to both.
func usableRange(header string, size int64) string {
	list, ok := strings.CutPrefix(header, "bytes=")
	if !ok {
		return ""
	}
	var usable []string
	given := 0
	for part := range strings.SplitSeq(list, ",") {
		part = strings.Trim(part, " \t")
		if part == "" {
			continue
		}
		first, last, ok := bounds(part, size)
		if given++; !ok || given > maxRanges {
			return ""
		}
		if first <= last {
			usable = append(usable, fmt.Sprintf("%d-%d", first, last))
		}
	}
	switch {
	case given == 0:
		return ""
	case len(usable) == 0:
		return fmt.Sprintf("bytes=%d-", size)
	}
	return "bytes=" + strings.Join(usable, ",")
}

// bounds reads one range of a file of that size: the first and the last byte,
// last before first when there is no such part. ok is false for what is no
// range.
func bounds(part string, size int64) (first, last int64, ok bool) {
	from, to, ok := strings.Cut(part, "-")
	if !ok || from == "" && to == "" {
		return 0, 0, false
	}
	if from == "" {
		length, ok := position(to)
		return size - min(length, size), size - 1, ok
	}
	if first, ok = position(from); !ok || to == "" {
		return first, size - 1, ok
	}
	last, ok = position(to)
	return first, min(last, size-1), ok && first <= last
}

// position reads digits and nothing else; what no file is long enough for is
// the largest number.
func position(digits string) (int64, bool) {
	if strings.Trim(digits, "0123456789") != "" || digits == "" {
		return 0, false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return math.MaxInt64, true
	}
	return number, true
}
