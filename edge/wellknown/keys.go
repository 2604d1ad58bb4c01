// Package wellknown answers what programs look for at fixed addresses (RFC 8615): the
// keys by which others check what we signed.
package wellknown

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/go-jose/go-jose/v4"

	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// KeysPath is where the keys are.
const KeysPath = "/.well-known/jwks.json"

// App is what the package needs of the application.
type App interface {
	SigningKeys(ctx context.Context, use keys.KeyUse) ([]keys.SigningKey, error)
}

// Keys answers with the public keys of all uses: a JWK set (RFC 7517). It may be kept
// for keyring.PublishedFor. Pages of any origin may read it.
func Keys(from App, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "only GET", http.StatusMethodNotAllowed)
			return
		}
		body, err := set(r.Context(), from)
		if err != nil {
			log.ErrorContext(r.Context(), "keys cannot be published", "error", err)
			h.Set("Cache-Control", "no-store")
			http.Error(w, "the keys cannot be read just now", http.StatusServiceUnavailable)
			return
		}
		sum := sha256.Sum256(body)
		tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(keyring.PublishedFor.Seconds())))
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	})
}

func set(ctx context.Context, from App) ([]byte, error) {
	all := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, use := range keyring.Uses() {
		keys, err := from.SigningKeys(ctx, use)
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			all.Keys = append(all.Keys, jose.JSONWebKey{Key: key.Public, KeyID: key.ID, Algorithm: key.Algorithm, Use: "sig"})
		}
	}
	body, err := json.Marshal(all)
	return body, token.Wrap(err, "write the keys")
}
