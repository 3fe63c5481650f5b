package webhook

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"darkroom"
)

// Tolerance is how far the time of an attempt may be from the receiver's
// clock.
const Tolerance = 5 * time.Minute

// Verify is the receiver's side: it returns nil when the request was signed
// with the secret, and otherwise an error with CodeUnauthorized. Each of the
// two families of headers that is there must be right, and one must be. Only
// the standard one is protected against being sent again later: its time must
// be within Tolerance of now. body is the raw body, byte for byte.
func Verify(body []byte, header http.Header, secret string, now time.Time) error {
	standard, plain := header.Get(StandardSignature), header.Get(HeaderSignature)
	if standard == "" && plain == "" {
		return refused("it has no signature")
	}
	if plain != "" && !hmac.Equal([]byte(plain), []byte(hexScheme+hex.EncodeToString(bodyMAC(secret, body)))) {
		return refused(HeaderSignature + " does not fit the body")
	}
	if standard != "" {
		return verifyStandard(body, header, secret, now)
	}
	return nil
}

func verifyStandard(body []byte, header http.Header, secret string, now time.Time) error {
	key, err := decodeSecret(secret)
	if err != nil {
		return darkroom.Errorf(darkroom.CodeUnauthorized, "check a webhook: %w", err)
	}
	unix := header.Get(StandardTimestamp)
	seconds, err := strconv.ParseInt(unix, 10, 64)
	if err != nil {
		return refused(StandardTimestamp + " is not a number of seconds")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > Tolerance {
		return refused(StandardTimestamp + " is more than five minutes away")
	}
	want := base64Scheme + base64.StdEncoding.EncodeToString(standardMAC(key, header.Get(StandardID), unix, body))
	for signature := range strings.FieldsSeq(header.Get(StandardSignature)) {
		if hmac.Equal([]byte(signature), []byte(want)) {
			return nil
		}
	}
	return refused(StandardSignature + " does not fit id, time and body")
}

func refused(why string) error {
	return darkroom.Errorf(darkroom.CodeUnauthorized, "the webhook is not from us: %s", why)
}
