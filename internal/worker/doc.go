// Package worker does what the queue hands out: shifts, in which a slot takes
// one capture after the other; the expansion of a job, whose captures are found
// in a sitemap; the finish of a job; the delivery of webhooks; and the sweep,
// which sets right what a crash left and deletes what has expired. It also takes
// the screenshots for which someone waits.
//
// A shift is a slot's turn of work. What it works on, the store decides anew
// before every capture, so a small job starts at the next capture of any slot,
// however much waits before it. Between two captures a shift gives its slot to
// a waiting screenshot.
//
// Nothing here is believed because it was intended: a result counts when
// FinishCapture says that it was kept, and a capture in the hands of a process
// that dies is set back by the next sweep.
package worker
