// Package webhook tells the end of a job to the address that the client asked
// for: the body, its two signatures, and one attempt to deliver it. The check
// that a receiver makes is in package client.
//
// Every request carries two families of headers with one secret. X-Webhook-*
// signs the raw body with the secret as it is shown; webhook-* is Standard
// Webhooks and signs id, time and body with the bytes that the secret encodes.
// The schedule of attempts and their record belong to the worker.
package webhook
