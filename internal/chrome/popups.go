package chrome

import (
	"github.com/chromedp/cdproto/target"
)

// hear takes the browser's own events. It must not wait.
func (b *instance) hear(m message) {
	if m.method != "Target.attachedToTarget" {
		return
	}
	var event struct {
		SessionID string `json:"sessionId"`
		Waiting   bool   `json:"waitingForDebugger"`
		Target    struct {
			ID   target.ID `json:"targetId"`
			Type string    `json:"type"`
		} `json:"targetInfo"`
	}
	if !m.into(&event) || !event.Waiting {
		return
	}
	// Ours are made by openTab and
	post(b.conn.browser(), target.CloseTarget, target.CloseTargetParams{TargetID: event.Target.ID})
}
