// Package dashboard is the pages that people look at: runs, pictures, failures,
// keys and the state of the server.
//
// It does what it does through the API's own handlers, in this process and with
// the key of the session, so that it can neither do nor see more than that key.
// Pages are whole without JavaScript; the one script renews parts of them while
// a run goes on, and knows shortcuts.
package dashboard
