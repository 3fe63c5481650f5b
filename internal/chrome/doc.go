// Package chrome takes the pictures: it finds and starts the browser, and
// drives it over the DevTools protocol. Nothing else in the program knows
// that protocol.
//
// An Engine opens Slots. A slot is one browser process with one tab and one
// renderer, its own profile and its own egress proxy, so that a page can only
// harm its own capture, and every request belongs to one. Slot.Capture brings
// a page from its URL to a picture: navigate, settle, act, pose, shoot (see
// capture.go). Whatever it leaves behind, the slot repairs after the picture
// was handed over and before the next page opens (see turn.go).
package chrome
