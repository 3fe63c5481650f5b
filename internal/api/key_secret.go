package api

import (
	"net/http"
	"time"

	"darkroom"
)

// WebhookSecretAnswer is what signs the webhooks of a key.
type WebhookSecretAnswer struct {
	WebhookSecret string     `json:"webhook_secret"`
	OldUntil      *time.Time `json:"old_webhook_secret_until" doc:"How long the secret before the last rotation signs too; null = it does not."`
}

func secretAnswer(secrets darkroom.WebhookSecrets) WebhookSecretAnswer {
	answer := WebhookSecretAnswer{WebhookSecret: secrets.Current}
	if secrets.Former != "" {
		answer.OldUntil = new(secrets.FormerUntil.Truncate(time.Second))
	}
	return answer
}

func (s *server) getWebhookSecret(_ http.ResponseWriter, r *http.Request, _ darkroom.APIKey) (reply, error) {
	id, err := keyID(r)
	if err != nil {
		return reply{}, err
	}
	secrets, err := s.Store.WebhookSecrets(r.Context(), id)
	if err != nil {
		return reply{}, keyFailed(err)
	}
	return reply{body: secretAnswer(secrets)}, nil
}

func (s *server) rotateWebhookSecret(w http.ResponseWriter, r *http.Request, _ darkroom.APIKey) (reply, error) {
	id, grace, err := s.rotation(w, r)
	if err != nil {
		return reply{}, err
	}
	_, secrets, err := s.Store.RotateWebhookSecret(r.Context(), id, grace)
	if err != nil {
		return reply{}, keyFailed(err)
	}
	return reply{body: secretAnswer(secrets)}, nil
}
