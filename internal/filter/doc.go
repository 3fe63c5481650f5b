// Package filter decides which requests of a page are for advertisements,
// trackers or chat boxes. It reads the network rules of the list syntax that
// ad blockers share; what such lists say about hiding elements is passed over.
//
// Open gives a Set of the lists that are part of the program and those of the
// operator. Rules are found by the words of an address, so that a Set of tens
// of thousands of rules answers within microseconds.
package filter
