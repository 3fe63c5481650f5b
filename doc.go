// Package darkroom is the vocabulary of Darkroom, a self-hosted service that
// photographs the web in bulk: jobs and their captures, the options of a
// capture, the states they pass through, the codes they fail with, and the
// arithmetic that belongs to them (progress, backoff, expiry).
//
// It uses the standard library only and does no I/O, starts no goroutine and
// reads no clock: time is always a parameter. Everything that touches the
// world lives in a room under internal/, and cmd/darkroom wires the rooms
// together. ARCHITECTURE.md walks one batch through them.
package darkroom
