// Package isolation starts a process in a user and network namespace of its
// own, in which there is no network but one listener that this process serves.
// What runs there has no other way out, whatever it does and whatever it was
// told. The package knows Linux and nothing of who is enclosed.
//
// A listener belongs to the namespace in which it was made, so somebody has to
// go in first: our own program, started anew under another name. It brings the
// loopback interface up, listens, hands the listener back over a socket, gives
// up what rights it had, and becomes the program that was asked for. Main plays
// that part; it must be the first thing that the program does.
package isolation
