// Package e2e tests the whole program from outside: the built binary, its own
// process and folder, a real browser and real clients, killed in the middle.
//
// The short forms run in `make test`. DARKROOM_LONG=1 runs the long ones,
// DARKROOM_SOAK=1 those that take hours.
package e2e
