package darkroom

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// DefaultCacheTTL is how old a picture may be that answers a capture with the
// option cache, in seconds. The longest that may be asked for is the server's
// retention.
const DefaultCacheTTL = 3600

// CacheKey names the pictures that may stand for one another: of the same API
// key and URL, with the same options but for those that say how hard it is
// tried. ok is false for captures that send anything secret: their pictures
// belong to them alone.
func (o Options) CacheKey(keyID, url string) (key string, ok bool) {
	if !o.Secrets.Empty() {
		return "", false
	}
	o = o.WithDefaults()
	o.Timeout, o.Attempts, o.Cache, o.CacheTTL = 0, 0, false, 0
	text, err := json.Marshal(o)
	if err != nil {
		return "", false
	}
	sum := sha256.Sum256(append([]byte(keyID+"\x00"+url+"\x00"), text...))
	return hex.EncodeToString(sum[:16]), true
}

// CacheAge is how old a picture may be that answers this capture; 0 = none
// may.
func (o Options) CacheAge() time.Duration {
	if !o.Cache {
		return 0
	}
	return time.Duration(o.WithDefaults().CacheTTL) * time.Second
}
