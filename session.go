package darkroom

import "time"

// How long one may look at the dashboard.
const (
	LoginLife   = 30 * time.Minute // of a link that opens one session
	SessionLife = 12 * time.Hour
)
