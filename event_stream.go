package darkroom

import "time"

// Kinds of events in a stream.
const (
	StreamJob     = "job"     // data is a JobAnswer
	StreamCapture = "capture" // data is a ResultAnswer
)

// Limits of event streams.
const (
	// StreamInterval is the least time between two messages of a stream: what
	// changes meanwhile is told together.
	StreamInterval = 250 * time.Millisecond

	// StreamHeartbeat is how often a stream that has nothing to tell says that it
	// is alive.
	StreamHeartbeat = 15 * time.Second

	// StreamRetry is when a client should come back after a stream has ended.
	StreamRetry = 2 * time.Second

	// StreamWrite is how long a reader may take for what one message sends, before
	// it is dropped.
	StreamWrite = 10 * time.Second

	MaxStreams       = 200 // of one server at once
	MaxStreamMessage = 100 // captures, or jobs, in one message
)

// EventsPath is the path of a job's event stream, relative to the server.
func EventsPath(jobID string) string { return JobPath(jobID) + "/events" }
