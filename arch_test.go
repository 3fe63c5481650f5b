package darkroom_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// room is what one folder may know of the others. Knowledge points inward:
// cmd → rooms → root.
type room struct {
	may    []string // rooms of ours it may import
	reason string
}

var rooms = map[string]room{
	".":                              {nil, "the vocabulary knows nobody"},
	"client":                         {[]string{"."}, "the API from outside speaks the vocabulary and nothing internal"},
	"demo":                           {nil, "a web site like any other"},
	"internal/database":              {[]string{"."}, "connections, dialect and transactions, no table of ours"},
	"internal/database/databasetest": {[]string{"internal/database"}, "a database for each test, on a PostgreSQL server that it starts"},
	"internal/queue":                 {[]string{".", "internal/database"}, "River's tasks ride in our transactions"},
	"internal/store":                 {[]string{".", "internal/database", "internal/queue", "internal/trace"}, "SQL; a change of state and the task it asks for are one transaction"},
	"internal/egress":                {[]string{"."}, "who may be reached; knows no job and no browser"},
	"internal/sitemap":               {[]string{".", "internal/egress"}, "the pages of a site; it is given the HTTP client"},
	"internal/bucket":                {[]string{"."}, "bytes by key"},
	"internal/bucket/buckettest":     {nil, "an S3 server for each test, which can go wrong"},
	"internal/backup":                {[]string{".", "internal/bucket"}, "one file of everything; it is given a copy of the database and the list of pictures"},
	"internal/archive":               {[]string{"."}, "layout of the ZIP; it is given a function that opens bytes"},
	"internal/webhook":               {[]string{".", "internal/egress", "internal/trace"}, "signs and sends; it is given the HTTP client, asks egress what went wrong, and tells the receiver its span"},
	"internal/filter":                {nil, "block lists and what they say of a request; knows no browser and no job"},
	"internal/chrome":                {[]string{".", "internal/egress", "internal/filter", "internal/isolation", "internal/nssdb"}, "everything DevTools; a slot owns its own proxy, and asks the block lists"},
	"internal/isolation":             {nil, "starts a process in a namespace with one exit; knows no browser and no proxy"},
	"internal/metrics":               {[]string{"."}, "what Prometheus is told; it is told by others, and given a function to ask with"},
	"internal/trace":                 {[]string{"."}, "spans of the steps; knows none of them"},
	"internal/load":                  {nil, "how busy the machine is; knows nothing of what is done about it"},
	"internal/nssdb":                 {nil, "the file in which Chromium looks for certificate authorities"},
	"internal/chrome/chrometest":     {[]string{"."}, "odd pages and a fake engine, for tests"},
	"internal/worker":                {[]string{".", "internal/store", "internal/queue", "internal/bucket", "internal/archive", "internal/sitemap", "internal/webhook", "internal/load", "internal/trace"}, "takes captures to their end; it is given the engine"},
	"docs":                           {nil, "the pages of the documentation, as files of the program"},
	"internal/manual":                {[]string{".", "docs"}, "the documentation, rendered; it is given the OpenAPI document"},
	"internal/dashboard":             {[]string{".", "internal/store"}, "pages for people; it acts through the API's own handlers, as the key of its session"},
	"internal/mcp":                   {[]string{".", "client"}, "what agents see of the API; it knows it as a client does, and acts with its caller's key"},
	"internal/api":                   {[]string{".", "internal/store", "internal/bucket", "internal/archive", "internal/egress", "internal/sitemap", "internal/webhook"}, "HTTP in, HTTP out; no SQL, no browser"},
}

// wires may import every room.
var wires = []string{"cmd/darkroom", "e2e", "bench"}

// outside lists imports that only one room may have, or those named.
var outside = map[string]string{
	"github.com/riverqueue/river":   "internal/queue",
	"github.com/chromedp/cdproto":   "internal/chrome",
	"modernc.org/sqlite":            "internal/database internal/nssdb",
	"github.com/jackc/pgx":          "internal/database",
	"gocloud.dev":                   "internal/bucket",
	"go.opentelemetry.io":           "internal/trace cmd/darkroom",
	"github.com/nlnwa/whatwg-url":   "internal/egress",
	"github.com/spf13/cobra":        "cmd/darkroom",
	"github.com/danielgtaylor/huma": "internal/api",
	"github.com/prometheus":         "internal/metrics",
	"github.com/yuin/goldmark":      "internal/manual",

	"github.com/modelcontextprotocol": "internal/mcp",
}

var wordsOfNoMeaning = []string{"util", "utils", "common", "helper", "helpers", "manager", "models", "misc", "pkg", "types"}

type goFile struct {
	path, dir string
	file      *ast.File
	isTest    bool
	lines     int
}

func TestRoomsImportOnlyInward(t *testing.T) {
	for _, source := range goFiles(t) {
		if source.isTest || slices.ContainsFunc(wires, func(w string) bool { return within(source.dir, w) }) {
			continue
		}
		known, ok := rooms[source.dir]
		if !ok {
			t.Errorf("%s: folder %s has no row in the table of rooms", source.path, source.dir)
			continue
		}
		for _, imported := range ownImports(source.file) {
			if !slices.Contains(known.may, imported) {
				t.Errorf("%s imports %s, but %s may not: %s", source.path, imported, source.dir, known.reason)
			}
		}
	}
}

func TestLibrariesStayInTheirRoom(t *testing.T) {
	for _, source := range goFiles(t) {
		for _, imported := range imports(source.file) {
			for library, home := range outside {
				known := slices.ContainsFunc(strings.Fields(home), func(room string) bool { return within(source.dir, room) })
				if strings.HasPrefix(imported, library) && !known && !source.isTest {
					t.Errorf("%s imports %s, which belongs to %s", source.path, imported, home)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	documented := map[string]bool{}
	for _, source := range goFiles(t) {
		if !source.isTest {
			documented[source.dir] = documented[source.dir] || source.file.Doc != nil
		}
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
		if slices.Contains(wordsOfNoMeaning, path.Base(dir)) {
			t.Errorf("package %s: %q names nothing", dir, path.Base(dir))
		}
	}
}

func TestExportedNamesAreExplained(t *testing.T) {
	for _, source := range goFiles(t) {
		if source.isTest {
			continue
		}
		for _, decl := range source.file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.IsExported() && fn.Doc == nil && exportedReceiver(fn) {
				t.Errorf("%s: %s has no comment", source.path, fn.Name.Name)
			}
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.TYPE {
				for _, spec := range gen.Specs {
					typ := spec.(*ast.TypeSpec)
					if typ.Name.IsExported() && gen.Doc == nil && typ.Doc == nil {
						t.Errorf("%s: type %s has no comment", source.path, typ.Name.Name)
					}
				}
			}
		}
	}
}

func TestFilesAndFunctionsStaySmall(t *testing.T) {
	const maxFileLines, maxFunctionLines = 500, 80
	fset := token.NewFileSet()
	for _, source := range goFilesIn(t, fset) {
		if source.isTest || ast.IsGenerated(source.file) {
			continue
		}
		if source.lines > maxFileLines {
			t.Errorf("%s has %d lines; %d is the limit", source.path, source.lines, maxFileLines)
		}
		for _, decl := range source.file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				if lines := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; lines > maxFunctionLines {
					t.Errorf("%s: %s has %d lines; %d is the limit", source.path, fn.Name.Name, lines, maxFunctionLines)
				}
			}
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, source := range goFiles(t) {
		for _, decl := range source.file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == "init" && fn.Recv == nil {
				t.Errorf("%s has an init function: wiring belongs in cmd/darkroom/server.go", source.path)
			}
		}
	}
}

func goFiles(t *testing.T) []goFile { return goFilesIn(t, token.NewFileSet()) }

func goFilesIn(t *testing.T, fset *token.FileSet) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "testdata" || (strings.HasPrefix(entry.Name(), ".") && name != ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, goFile{
			path: name, dir: filepath.ToSlash(filepath.Dir(name)), file: parsed,
			isTest: strings.HasSuffix(name, "_test.go"), lines: fset.Position(parsed.FileEnd).Line,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func imports(file *ast.File) []string {
	var paths []string
	for _, spec := range file.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, name)
	}
	return paths
}

func ownImports(file *ast.File) []string {
	var own []string
	for _, name := range imports(file) {
		if name == "darkroom" {
			own = append(own, ".")
		} else if inside, ok := strings.CutPrefix(name, "darkroom/"); ok {
			own = append(own, inside)
		}
	}
	return own
}

func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	typ := fn.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.IsExported()
}

func within(dir, home string) bool { return dir == home || strings.HasPrefix(dir, home+"/") }
