package darkroom

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// APIKey is one client of the service. The bearer secret itself is never
// stored, only its hash.
type APIKey struct {
	ID        string
	Name      string
	Hash      string // HashAPIKey of the bearer secret
	Prefix    string // the first characters of the bearer secret, to tell keys apart by eye
	CreatedAt time.Time
	RevokedAt time.Time // zero while the key works
	ErasedAt  time.Time // when everything of the key was asked to go; it is revoked then
	OldUntil  time.Time // how long the secret before the last rotation works; zero or past = not

	Grant
}

// APIKeyPrefix begins every bearer secret; 48 lower-case hexadecimal digits
// (192 random bits) follow.
const APIKeyPrefix = "sk_live_"

// WebhookSecretPrefix begins every webhook secret; base64 of 32 random bytes
// follows.
const WebhookSecretPrefix = "whsec_"

// NewAPIKeySecret makes a bearer secret from 24 random bytes.
func NewAPIKeySecret(random [24]byte) string {
	return APIKeyPrefix + hex.EncodeToString(random[:])
}

// HashAPIKey is the SHA-256 of a bearer secret, in hex. The secret has 192
// random bits, so a slow hash would protect nothing.
func HashAPIKey(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// VisiblePrefix is the part of a bearer secret that may be shown again.
func VisiblePrefix(secret string) string {
	return secret[:min(len(secret), len(APIKeyPrefix)+4)]
}
