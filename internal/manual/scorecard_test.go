package manual

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The sums of the scorecard are those of its rows, and the tests that it names
// as proofs are there.
func TestScorecardAddsUp(t *testing.T) {
	content, err := os.ReadFile("../../docs/scorecard.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	parts := regexp.MustCompile(`(?m)^## (.+)$`).FindAllStringSubmatchIndex(page, -1)
	haveAll, wantAll := 0, 0
	for i, at := range parts {
		end := len(page)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		have, want := points(t, page[at[1]:end])
		if want > 0 {
			expectSum(t, page, page[at[2]:at[3]], have, want)
		}
		haveAll, wantAll = haveAll+have, wantAll+want
	}
	expectSum(t, page, "together", haveAll, wantAll)
	tests := namesOfTests(t)
	proofs := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(page, -1)
	for _, proof := range proofs {
		if !tests[proof[1]] {
			t.Errorf("there is no %s", proof[1])
		}
	}
	if len(proofs) < 60 {
		t.Errorf("only %d tests are named", len(proofs))
	}
}

// points adds up the rows of one part: weight times what is there, and twice
// the weight.
func points(t *testing.T, part string) (have, want int) {
	t.Helper()
	weights := map[string]int{"must": 3, "should": 2, "could": 1}
	for _, row := range regexp.MustCompile(`(?m)^\| [A-Z]\d+ \| (\w+) \| [^|]+ \| [^|]+ \| (\w+) \| [^|]+ \|$`).FindAllStringSubmatch(part, -1) {
		now, err := strconv.Atoi(row[2])
		if err != nil && row[2] != "later" || now > 3 || weights[row[1]] == 0 {
			t.Errorf("the row %s", row[0])
		}
		if err == nil {
			have, want = have+weights[row[1]]*now, want+weights[row[1]]*2
		}
	}
	return have, want
}

func expectSum(t *testing.T, page, part string, have, want int) {
	t.Helper()
	row := fmt.Sprintf("| %s | %d | %d | %.0f %% |", part, have, want, math.Round(100*float64(have)/float64(want)))
	if !strings.Contains(page, row) {
		t.Errorf("docs/scorecard.md lacks %s", row)
	}
}

func namesOfTests(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && entry.Name() == "node_modules" {
			if err == nil {
				err = filepath.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(source, -1) {
			names[string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
