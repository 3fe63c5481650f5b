package e2e

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The program knows nothing of crash points. A build for these tests has them:
// the compiler is given other texts for a few files (go build -overlay), with
// one statement more at each point.

// crashPoint is a place in the source: before or after the statement of a
// function in which something is called first.
type crashPoint struct {
	name     string
	dir      string // of the package, from the root of the module
	function string
	where    string // before or after
	call     string
}

// crashHere goes into every package that has a point. The point for which the
// file is written kills the process when it is reached for the n-th time.
const crashHere = `package %s

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var crashHits atomic.Int64

func crashHere(point string) {
	armed, err := os.ReadFile(os.Getenv("DARKROOM_CRASH_FILE"))
	name, n, _ := strings.Cut(string(armed), "@")
	if err != nil || name != point {
		return
	}
	if at, _ := strconv.ParseInt(n, 10, 64); crashHits.Add(1) == at {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	}
}
`

// buildWithCrashPoints builds the program with these points and gives its path.
func buildWithCrashPoints(t *testing.T, points []crashPoint) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]*instrumented{}
	for _, point := range points {
		findPoint(t, files, point).insert(t, point)
	}
	replace := map[string]string{}
	for path, file := range files {
		if len(file.added) == 0 {
			continue
		}
		here := filepath.Join(filepath.Dir(path), "crash_here.go")
		for place, content := range map[string][]byte{path: file.text(), here: fmt.Appendf(nil, crashHere, file.syntax.Name.Name)} {
			if replace[place] == "" {
				replace[place] = filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
				must(t, os.WriteFile(replace[place], content, 0o600))
			}
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	program := filepath.Join(dir, "darkroom")
	build := exec.Command("go", "build", "-trimpath", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, "darkroom/cmd/darkroom")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the program with crash points: %v\n%s", err, out)
	}
	return program
}

// findPoint gives the file that has the point's function.
func findPoint(t *testing.T, files map[string]*instrumented, point crashPoint) *instrumented {
	t.Helper()
	list := exec.Command("go", "list", "-f", "{{.Dir}}", point.dir)
	list.Dir = ".."
	dir, err := list.Output()
	must(t, err)
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "*.go"))
	must(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file := files[path]
		if file == nil {
			file = parse(t, path)
			files[path] = file
		}
		if file.function(point.function) != nil {
			return file
		}
	}
	t.Fatalf("point %q: %s has no function %s any more", point.name, point.dir, point.function)
	return nil
}

// instrumented is one source file and what is inserted into it.
type instrumented struct {
	content []byte
	set     *token.FileSet
	syntax  *ast.File
	added   map[int]string // by offset
}

func parse(t *testing.T, path string) *instrumented {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	set := token.NewFileSet()
	syntax, err := parser.ParseFile(set, path, content, 0)
	must(t, err)
	return &instrumented{content: content, set: set, syntax: syntax, added: map[int]string{}}
}

func (f *instrumented) function(name string) *ast.FuncDecl {
	for _, decl := range f.syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == name {
			return fn
		}
	}
	return nil
}

func (f *instrumented) insert(t *testing.T, point crashPoint) {
	t.Helper()
	statement := statementOf(f.function(point.function), point.call)
	if statement == nil {
		t.Fatalf("point %q: %s of %s calls no %s any more", point.name, point.function, point.dir, point.call)
	}
	here := fmt.Sprintf("crashHere(%q)", point.name)
	if point.where == "before" {
		f.added[f.set.Position(statement.Pos()).Offset] += here + "; "
		return
	}
	f.added[f.set.Position(statement.End()).Offset] += "; " + here
}

// statementOf is the innermost statement of a block in which the call is made
// that comes first in the source.
func statementOf(fn *ast.FuncDecl, call string) (found ast.Stmt) {
	var first token.Pos
	ast.Inspect(fn, func(node ast.Node) bool {
		if made, ok := node.(*ast.CallExpr); ok && calls(made, call) && (first == 0 || made.Pos() < first) {
			first = made.Pos()
		}
		return true
	})
	if first == 0 {
		return nil
	}
	ast.Inspect(fn, func(node ast.Node) bool {
		for _, statement := range statementsOf(node) {
			if statement.Pos() <= first && first < statement.End() {
				found = statement // what comes later lies further in
			}
		}
		return true
	})
	return found
}

func calls(made *ast.CallExpr, name string) bool {
	switch fn := made.Fun.(type) {
	case *ast.Ident:
		return fn.Name == name
	case *ast.SelectorExpr:
		return fn.Sel.Name == name
	}
	return false
}

func statementsOf(node ast.Node) []ast.Stmt {
	switch block := node.(type) {
	case *ast.BlockStmt:
		return block.List
	case *ast.CaseClause:
		return block.Body
	case *ast.CommClause:
		return block.Body
	}
	return nil
}

func (f *instrumented) text() []byte {
	var text []byte
	last := 0
	offsets := make([]int, 0, len(f.added))
	for offset := range f.added {
		offsets = append(offsets, offset)
	}
	slices.Sort(offsets)
	for _, offset := range offsets {
		text = append(append(text, f.content[last:offset]...), f.added[offset]...)
		last = offset
	}
	return append(text, f.content[last:]...)
}
