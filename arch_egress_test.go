package darkroom_test

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// waysOut are the names of the standard library that reach other machines, or
// make what does. One that is not listed for its room is an error: a request
// that is not made with egress.Policy.Client asks no policy.
var waysOut = map[string][]string{
	"net/http": {
		"Get", "Head", "Post", "PostForm", "DefaultClient", "DefaultTransport",
		"Client", "Transport", "ProxyFromEnvironment", "NewFileTransport",
	},
	"net": {
		"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer", "Resolver", "DefaultResolver",
		"LookupAddr", "LookupCNAME", "LookupHost", "LookupIP", "LookupMX", "LookupNS", "LookupPort", "LookupSRV", "LookupTXT",
		"ResolveIPAddr", "ResolveTCPAddr", "ResolveUDPAddr",
	},
	"crypto/tls":        {"Dial", "DialWithDialer", "Dialer"},
	"net/rpc":           {"Dial", "DialHTTP", "DialHTTPPath"},
	"net/smtp":          {"Dial", "SendMail"},
	"net/http/httputil": {"ReverseProxy", "NewSingleHostReverseProxy"},
}

// mayGoOut says which of them a room may use nevertheless, and why.
var mayGoOut = map[string]struct {
	names  []string
	reason string
}{
	"internal/egress":  {[]string{"http.Client", "http.Transport", "net.Dialer", "net.Resolver", "httputil.ReverseProxy"}, "it is the way out"},
	"internal/webhook": {[]string{"http.Client"}, "a copy of the client that it is given, which follows no redirect"},
	"internal/mcp":     {[]string{"http.Client"}, "its transport is the API's handler in this process"},
	"client":           {[]string{"http.Client"}, "it runs with the caller and asks the server that the caller names"},
	"cmd/darkroom":     {[]string{"net.Resolver", "http.Client"}, "doctor looks up the host of --listen; health asks the server of this machine; listen hands events on from its user's machine to where that user says"},
}

// handedOn are types that a room without a way out may name in a signature or
// a field: it is given the value.
var handedOn = []string{"http.Client"}

func TestOnlyEgressReachesOut(t *testing.T) {
	used := map[string]bool{}
	for _, source := range goFiles(t) {
		if source.isTest || slices.ContainsFunc([]string{"bench", "e2e", "tools"}, func(dir string) bool { return within(source.dir, dir) }) {
			continue // none of them is part of the program
		}
		pointers := pointerTypes(source.file)
		for _, selector := range selectors(source.file) {
			name, out := wayOut(source.file, selector)
			if !out || pointers[selector] && slices.Contains(handedOn, name) {
				continue
			}
			used[source.dir+" "+name] = true
			if room := mayGoOut[source.dir]; !slices.Contains(room.names, name) {
				t.Errorf("%s uses %s: only a client of egress.Policy asks whether the target may be reached", source.path, name)
			}
		}
	}
	for dir, room := range mayGoOut {
		for _, name := range room.names {
			if !used[dir+" "+name] {
				t.Errorf("%s may use %s and does not: take it off the list", dir, name)
			}
		}
	}
}

// Whoever fetches is given its client where the rooms are wired, and that is
// the policy's: sitemaps with their robots.txt, and webhooks.
func TestEveryClientIsThePolicys(t *testing.T) {
	given := map[string]int{}
	for _, source := range goFiles(t) {
		if source.isTest || source.dir != "cmd/darkroom" {
			continue
		}
		ast.Inspect(source.file, func(node ast.Node) bool {
			literal, ok := node.(*ast.CompositeLit)
			if !ok || !strings.HasSuffix(nameOf(literal.Type), ".Config") && !strings.HasSuffix(nameOf(literal.Type), ".Sender") {
				return true
			}
			for _, element := range literal.Elts {
				pair, ok := element.(*ast.KeyValueExpr)
				if !ok || nameOf(pair.Key) != "Client" {
					continue
				}
				given[nameOf(literal.Type)]++
				if call, ok := pair.Value.(*ast.CallExpr); !ok || !strings.HasSuffix(nameOf(call.Fun), ".policy.Client") {
					t.Errorf("%s: the client of %s is not egress.Policy's", source.path, nameOf(literal.Type))
				}
			}
			return true
		})
	}
	if given["sitemap.Config"] == 0 || given["webhook.Sender"] == 0 {
		t.Errorf("clients were found in %v: the test looks in the wrong place", given)
	}
}

func selectors(file *ast.File) (found []*ast.SelectorExpr) {
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			found = append(found, selector)
		}
		return true
	})
	return found
}

// pointerTypes are the names that stand behind a star.
func pointerTypes(file *ast.File) map[*ast.SelectorExpr]bool {
	found := map[*ast.SelectorExpr]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if star, ok := node.(*ast.StarExpr); ok {
			if selector, ok := star.X.(*ast.SelectorExpr); ok {
				found[selector] = true
			}
		}
		return true
	})
	return found
}

// wayOut gives "package.Name" of a selector that is listed in waysOut, whatever
// the file calls the package.
func wayOut(file *ast.File, selector *ast.SelectorExpr) (string, bool) {
	qualifier, ok := selector.X.(*ast.Ident)
	if !ok {
		return "", false
	}
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		last := path[strings.LastIndexByte(path, '/')+1:]
		called := last
		if spec.Name != nil {
			called = spec.Name.Name
		}
		if called == qualifier.Name && slices.Contains(waysOut[path], selector.Sel.Name) {
			return last + "." + selector.Sel.Name, true
		}
	}
	return "", false
}

// nameOf writes a chain of names as it stands in the source.
func nameOf(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.Ident:
		return expression.Name
	case *ast.SelectorExpr:
		return nameOf(expression.X) + "." + expression.Sel.Name
	}
	return ""
}
