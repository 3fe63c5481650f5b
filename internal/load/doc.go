// Package load tells how busy the machine is, or the container that this
// process runs in.
package load
