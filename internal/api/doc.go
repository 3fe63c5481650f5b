// Package api speaks HTTP: the contract that published client libraries
// already know, on one page of routes (api.go).
//
// A request passes through serve.go (id, panics, deadlines), route.go (path
// and method), auth.go (key) and one handler; what a handler returns is
// written by answer.go, or by failure.go in the one shape that every error
// has. Request bodies and query text are read leniently, by the option table
// of the root package; openapi.go makes the document from the same table and
// the same list of routes.
//
// The standard library's mux finds the route. huma gives the types of the
// OpenAPI document and makes schemas from Go types; its request handling is
// not used, because the contract asks for what it does not do: one error shape
// everywhere, text where numbers belong, zero values as defaults, and no
// redirect on a doubled slash.
package api
