package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"darkroom"
)

// handler serves one route. It either writes the whole answer or returns why
// there is none; key is zero on an open route.
type handler func(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error

type access int

const (
	withKey    access = iota // with the scope that the method tells
	withAnyKey               // what it may is asked of the routes that it leads to
	asAdmin
	open
)

type route struct {
	method string
	path   string // as the standard mux and OpenAPI both write it
	access access
	serve  handler
	doc    operation
}

// newMux registers each path without a method, so that a wrong method is
// answered here, in the contract's shape, and not by the mux.
func newMux(routes []route, s *server) *http.ServeMux {
	methods := map[string]map[string]route{}
	for _, one := range routes {
		if methods[one.path] == nil {
			methods[one.path] = map[string]route{}
		}
		methods[one.path][one.method] = one
	}
	mux := http.NewServeMux()
	for path, byMethod := range methods {
		mux.HandleFunc(path, s.dispatch(byMethod))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, noSuchPath())
	})
	return mux
}

func (s *server) dispatch(byMethod map[string]route) http.HandlerFunc {
	allowed := allowedMethods(byMethod)
	return func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead && slices.Contains(allowed, http.MethodHead) {
			method = http.MethodGet
		}
		one, found := byMethod[method]
		if !found {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			s.fail(w, r, &darkroom.Error{
				Code:    darkroom.CodeMethodNotAllowed,
				Message: "This path does not take that method",
				Hint:    "Use " + strings.Join(allowed, " or "),
			})
			return
		}
		if one.doc.endless {
			s.stream(+1)
			defer s.stream(-1)
		}
		if err := s.enter(w, r, one); err != nil {
			s.fail(w, r, err)
		}
	}
}

// allowedMethods lists what a path takes. HEAD comes with GET, except where a
// GET costs a whole capture or does not end.
func allowedMethods(byMethod map[string]route) []string {
	allowed := slices.Sorted(maps.Keys(byMethod))
	if get, ok := byMethod[http.MethodGet]; ok && !get.doc.costly && !get.doc.endless {
		allowed = slices.Insert(allowed, slices.Index(allowed, http.MethodGet)+1, http.MethodHead)
	}
	return allowed
}

func (s *server) enter(w http.ResponseWriter, r *http.Request, to route) error {
	if to.access == open {
		return to.serve(w, r, darkroom.APIKey{})
	}
	key, err := s.authenticate(r)
	if err != nil {
		return err
	}
	if own, ok := w.(*writer); ok && to.access != withAnyKey {
		own.keyID = key.ID
	}
	s.Store.CountRequest(r.Context(), key.ID)
	if err := s.takeRequest(w, r, key); err != nil {
		return err
	}
	if to.access == withAnyKey {
		return to.serve(w, r, key)
	}
	if err := checkScope(key, to.scope()); err != nil {
		return err
	}
	return to.serve(w, r, key)
}

// scope is what a key needs for the route: to look is to read, and a GET that
// costs a capture creates one.
func (r route) scope() darkroom.Scope {
	switch {
	case r.access == asAdmin:
		return darkroom.ScopeAdmin
	case r.method == http.MethodGet && !r.doc.costly:
		return darkroom.ScopeRead
	}
	return darkroom.ScopeCreate
}

// plainPath rewrites the path so that the mux has nothing to redirect: a base
// URL with a trailing slash makes //v1/batch, and some clients lose the body
// when a POST is redirected. It is false for a path with dot segments, which
// no client of ours sends.
func plainPath(r *http.Request) bool {
	var escaped, plain []string
	for segment := range strings.SplitSeq(r.URL.EscapedPath(), "/") {
		if segment == "" {
			continue
		}
		text, err := url.PathUnescape(segment)
		if err != nil || text == "." || text == ".." {
			return false
		}
		escaped, plain = append(escaped, segment), append(plain, text)
	}
	r.URL.Path = "/" + strings.Join(plain, "/")
	r.URL.RawPath = "/" + strings.Join(escaped, "/")
	return true
}

func noSuchPath() *darkroom.Error {
	return &darkroom.Error{
		Code:    darkroom.CodeNotFound,
		Message: "There is nothing at this path",
		Hint:    "See /openapi.json for every path there is",
	}
}
