// Package bucket keeps bytes by key: shots and the files of finished jobs.
//
// What Put has stored survives a crash and a power cut, and is never
// overwritten: keys carry job, capture, attempt and instance, so a worker that
// lost its capture writes beside its successor and not over it. Bytes that no
// row refers to are orphans; the worker's sweep deletes them.
package bucket
