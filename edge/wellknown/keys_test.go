package wellknown_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/edge/wellknown"
)

// ring is an application with fixed keys.
type ring map[keys.KeyUse][]keys.SigningKey

func (r ring) SigningKeys(_ context.Context, use keys.KeyUse) ([]keys.SigningKey, error) {
	if r == nil {
		return nil, errors.New("the database is away")
	}
	return r[use], nil
}

func ask(t *testing.T, from wellknown.App, method, tag string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, wellknown.KeysPath, nil)
	r.Header.Set("If-None-Match", tag)
	w := httptest.NewRecorder()
	wellknown.Keys(from, slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
	return w.Result()
}

func TestKeysArePublished(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(rand.Reader)
	login, _ := rsa.GenerateKey(rand.Reader, 2048)
	keys := ring{
		keyring.Receipt: {{ID: "r1", Algorithm: "EdDSA", Public: public, Private: private}},
		keyring.Login:   {{ID: "l1", Algorithm: "RS256", Public: &login.PublicKey, Private: login}},
	}
	response := ask(t, keys, http.MethodGet, "")
	if got := response.Header.Get("Cache-Control"); got != "public, max-age=3600" {
		t.Errorf("Cache-Control: %q", got)
	}
	if got := response.Header.Get("Content-Type"); got != "application/jwk-set+json" {
		t.Errorf("Content-Type: %q", got)
	}
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(response.Body).Decode(&set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("%d keys, %v", len(set.Keys), err)
	}
	for _, key := range set.Keys {
		if !key.IsPublic() || !key.Valid() || key.Use != "sig" {
			t.Errorf("key %s: public %v, valid %v, use %q", key.KeyID, key.IsPublic(), key.Valid(), key.Use)
		}
	}
	if again := ask(t, keys, http.MethodGet, response.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %s", again.Status)
	}
	if posted := ask(t, keys, http.MethodPost, ""); posted.StatusCode != http.StatusMethodNotAllowed || posted.Header.Get("Allow") == "" {
		t.Errorf("posted: %s", posted.Status)
	}
	failed := ask(t, ring(nil), http.MethodGet, "")
	if failed.StatusCode != http.StatusServiceUnavailable || failed.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("without a database: %s", failed.Status)
	}
}
