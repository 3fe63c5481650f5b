// Package databasetest gives a test a database of its own, in a folder or on a
// real PostgreSQL server.
//
// The server is started by the first test of a process that needs one, from the
// programs of the machine (`scripts/setup test` installs them), as an
// unprivileged user, in a temporary folder, reached by a socket there. It ends
// when the process does, however that ends. A machine without the programs
// fails the test: nothing is skipped.
package databasetest
