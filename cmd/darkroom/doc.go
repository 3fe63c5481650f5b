// Command darkroom is the whole program: the service (serve), the commands
// that use it (batch, shot, jobs), the ones that look after it (keys, doctor)
// and the tour (demo).
//
// server.go (with server_run.go) is the only place where the rooms are wired to one
// another. Every command is a file; none of them reaches into os.Args, the
// environment or the standard streams by itself: run hands those over, which
// is what lets the tests run the program inside one process.
package main
