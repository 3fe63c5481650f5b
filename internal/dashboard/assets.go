package dashboard

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// asset is a file whose name in the path has its hash, so that it may be kept
// forever.
type asset struct {
	link    string // name with the hash
	content []byte
	media   string
}

// readAssets gives the assets by their plain names and by those with hashes.
func readAssets() (map[string]asset, error) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("read the assets: %w", err)
	}
	all := map[string]asset{}
	for _, entry := range entries {
		content, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read the assets: %w", err)
		}
		sum := sha256.Sum256(content)
		ext := path.Ext(entry.Name())
		one := asset{
			link:    strings.TrimSuffix(entry.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext,
			content: content, media: mime.TypeByExtension(ext),
		}
		all[entry.Name()], all[one.link] = one, one
	}
	return all, nil
}

// Asset is the path of a file that the pages load, "app.css" for one, for pages
// that have the same look.
func (d *Dashboard) Asset(name string) string { return d.Prefix + "/assets/" + d.assets[name].link }

func (d *Dashboard) serveAsset(w http.ResponseWriter, r *http.Request) {
	one, found := d.assets[r.PathValue("name")]
	if !found || one.link != r.PathValue("name") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", one.media)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(one.content))
}
