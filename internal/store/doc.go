// Package store holds the truth: keys, jobs, captures, artifacts and
// deliveries, and every change of their states. Each exported method is one
// transaction, or one read; counters change in the transaction that changes
// what they count, so they add up at every read.
//
// The queue only says that there is something to do. Which capture is next,
// and whether a result may still be written, is decided here: see Claim and
// FinishCapture.
//
// Errors that a caller can act on are *darkroom.Error; every other error is a
// failure of the database and says what was attempted.
package store
