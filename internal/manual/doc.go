// Package manual serves the documentation: the pages of docs/ and a reference
// that is made from the OpenAPI document, so that both are of the version that
// answers.
//
// Pages are rendered once, when the first is asked for. They need no key, no
// script and no other server.
package manual
