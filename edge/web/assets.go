package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// assets are the files that pages refer to. Each is served under a name that
// holds the hash of its content, so browsers may keep it for ever.
type assets struct {
	byName map[string]string // style.css -> /assets/style.3f2a.css
	byPath map[string]asset
}

type asset struct {
	kind string
	body []byte
}

func newAssets() (*assets, error) {
	a := &assets{byName: map[string]string{}, byPath: map[string]asset{}}
	// The style sheet names the font, so the font comes first.
	for _, file := range []struct{ name, kind string }{
		{"source-serif.woff2", "font/woff2"},
		{"mark.svg", "image/svg+xml; charset=utf-8"},
		{"passkey.js", "text/javascript; charset=utf-8"},
		{"style.css", "text/css; charset=utf-8"},
	} {
		body, err := fs.ReadFile(assetFiles, "assets/"+file.name)
		if err != nil {
			return nil, fmt.Errorf("web: asset: %w", err)
		}
		if strings.HasPrefix(file.kind, "text/css") {
			for name, address := range a.byName {
				body = bytes.ReplaceAll(body, []byte("asset("+name+")"), []byte("url("+address+")"))
			}
		}
		sum := sha256.Sum256(body)
		extension := path.Ext(file.name)
		address := "/assets/" + strings.TrimSuffix(file.name, extension) + "." + base64.RawURLEncoding.EncodeToString(sum[:6]) + extension
		a.byName[file.name] = address
		a.byPath[address] = asset{kind: file.kind, body: body}
	}
	return a, nil
}

// ServeHTTP serves one asset.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", file.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.body))
}
