// Package queue carries the program's tasks over River: it inserts them inside
// the transaction that makes them necessary, hands them to a free slot, and
// tries them again when they fail.
//
// A task says only that there is work of a kind; what the work is, the store
// knows. So a task that runs twice, or comes too late, does no harm, and
// River's rows may be thrown away at any time: the sweep makes new ones.
//
// Never call River inside a transaction except through Inserter.Insert: on
// SQLite there is one connection, and the transaction holds it.
package queue
