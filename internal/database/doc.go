// Package database opens the database, runs transactions and applies
// migrations. It knows nothing of jobs: tables belong to the store and to the
// queue.
//
// SQL is written once, with `?` placeholders and without words that only one
// database knows; times are BIGINT Unix milliseconds, ids and JSON are TEXT,
// booleans are 0 or 1. What differs between databases (the DSN, the
// migrations' types, locks) is named after its dialect.
//
// SQLite has one writer, so there is one write connection, and every
// transaction on it begins IMMEDIATE: a transaction never finds out half-way
// that it may not write. Readers have a pool of their own, which never waits
// for the writer. Whoever holds a transaction must not ask for a second one:
// there is no second connection to give.
//
// PostgreSQL runs transactions at once, so some run again: see Update and Lock.
package database
