package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// refuses is how the receivers below end that do not accept a webhook.
const refuses = 3

// checkReceivers lets those judge a webhook who may get one: the receiver that
// the documentation shows, our client for Node, and the published library of
// Standard Webhooks for Node. The Go ones are held together in
// internal/webhook.
func checkReceivers(t *testing.T, h hook) {
	t.Helper()
	guide, err := os.ReadFile("../docs/webhooks.md")
	must(t, err)
	shown := regexp.MustCompile("(?s)```python\n(.*?)```").FindSubmatch(guide)
	if shown == nil {
		t.Fatal("docs/webhooks.md shows no receiver in Python")
	}
	const node = `const r = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
		try { judge(r); } catch (error) { if (error.name !== 'WebhookVerificationError') throw error; process.exit(3); }
		function judge(r) { `
	for name, command := range map[string][]string{
		"the documentation's": {"python3", "-c", string(shown[1]) + `
import json, sys
r = json.load(sys.stdin)
sys.exit(0 if verify(r["body"].encode(), r["headers"], r["secret"]) else 3)`},
		"our client for Node":           {"node", "-e", node + `require('./index.js').verifyWebhook(r.body, r.headers, r.secret); }`},
		"the published library of Node": {"node", "-e", node + `new (require('standardwebhooks').Webhook)(r.secret).verify(r.body, r.headers); }`},
		"our client for Node, plain":    {"node", "-e", node + `delete r.headers['webhook-signature']; require('./index.js').verifyWebhook(r.body, r.headers, r.secret, { plain: true }); }`},
	} {
		if code, talk := judge(t, command, h, h.body); code != 0 {
			t.Errorf("%s receiver refuses what the server sent: %d %s", name, code, talk)
		}
		changed := bytes.Replace(h.body, []byte(`"status":"completed"`), []byte(`"status":"completee"`), 1)
		if code, talk := judge(t, command, h, changed); code != refuses {
			t.Errorf("%s receiver is to refuse a changed byte: %d %s", name, code, talk)
		}
	}
}

func judge(t *testing.T, command []string, h hook, body []byte) (code int, talk string) {
	t.Helper()
	headers := map[string]string{}
	for name := range h.header {
		headers[strings.ToLower(name)] = h.header.Get(name)
	}
	request, err := json.Marshal(map[string]any{"body": string(body), "headers": headers, "secret": webhookSecret})
	must(t, err)
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Stdin = "../clients/node", bytes.NewReader(request)
	output, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(output)
	}
	must(t, err)
	return 0, string(output)
}
