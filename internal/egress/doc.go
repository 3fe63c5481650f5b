// Package egress decides who may be reached, and is the only way out: the
// browser's traffic through Proxy, our own through Client.
//
// There are two rings. Admit looks at a URL's text and gives it in the form in
// which it is stored and navigated to. DialContext looks at the addresses that
// a name leads to, dials only what it has vetted, and looks again at the
// socket. Both answer from one Policy, which refuses everything that is not
// public unless the operator says otherwise.
package egress
