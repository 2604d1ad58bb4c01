package app_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

func (h *house) signingKeys(use keys.KeyUse) []keys.SigningKey {
	h.t.Helper()
	keys, err := h.SigningKeys(h.t.Context(), use)
	must(h.t, err)
	for i, key := range keys {
		want(h.t, "only the first key signs", key.Private != nil, i == 0)
	}
	return keys
}

func TestSigningKeysOfEachUse(t *testing.T) {
	h := open(t)
	receipt := h.signingKeys(keyring.Receipt)[0]
	want(t, "algorithm", receipt.Algorithm, "EdDSA")
	signature, err := receipt.Private.Sign(nil, []byte("text"), crypto.Hash(0))
	must(t, err)
	want(t, "the signature is good", ed25519.Verify(receipt.Public.(ed25519.PublicKey), []byte("text"), signature), true)

	login := h.signingKeys(keyring.Login)[0]
	want(t, "algorithm", login.Algorithm, "RS256")
	want(t, "bits", login.Public.(*rsa.PublicKey).N.BitLen(), 2048)
	want(t, "the keys differ", login.ID == receipt.ID, false)

	for _, key := range []keys.SigningKey{receipt, login} {
		sum, err := (&jose.JSONWebKey{Key: key.Public}).Thumbprint(crypto.SHA256)
		must(t, err)
		want(t, "id", key.ID, base64.RawURLEncoding.EncodeToString(sum))
	}

	again := app.Compose(h.Deps) // after a restart
	keys, err := again.SigningKeys(t.Context(), keyring.Receipt)
	must(t, err)
	want(t, "key after a restart", keys[0].ID, receipt.ID)
	want(t, "private part after a restart", keys[0].Private.(ed25519.PrivateKey).Equal(receipt.Private), true)

	h.Deps.Secret[0]++
	_, err = app.Compose(h.Deps).SigningKeys(t.Context(), keyring.Receipt)
	wantCode(t, err, token.CodeInternal) // another secret opens nothing
}

func TestSigningKeysRotate(t *testing.T) {
	h := open(t)
	first := h.signingKeys(keyring.Receipt)[0]
	var second keys.SigningKey
	for hours := 0; ; hours++ {
		if hours > 100*24 {
			t.Fatal("no new key in a hundred days")
		}
		h.Clock.Move(time.Hour)
		if keys := h.signingKeys(keyring.Receipt); len(keys) == 2 {
			second = keys[1]
			break
		}
	}
	want(t, "the old key still signs", h.signingKeys(keyring.Receipt)[0].ID, first.ID)
	h.Clock.Move(keyring.Lead - time.Minute)
	want(t, "until the new one was published for a day", h.signingKeys(keyring.Receipt)[0].ID, first.ID)
	h.Clock.Move(10 * time.Minute)
	keys := h.signingKeys(keyring.Receipt)
	want(t, "then the new one signs", keys[0].ID, second.ID)
	want(t, "and the old one is published", keys[1].ID, first.ID)

	h.Clock.Move(2 * time.Hour)
	h.signingKeys(keyring.Receipt)
	stored, err := h.catalog.SigningKeys(t.Context(), keyring.Receipt)
	must(t, err)
	want(t, "bytes left of the old private part", len(stored[1].Sealed), 0)
	want(t, "the new private part is there", len(stored[0].Sealed) > 0, true)
}

func TestReplicasAgreeOnSigningKeys(t *testing.T) {
	h := open(t)
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		replica := app.Compose(h.Deps)
		all.Go(func() {
			if keys, err := replica.SigningKeys(t.Context(), keyring.Receipt); err == nil && len(keys) == 1 {
				ids[i] = keys[0].ID
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("replicas made different keys: %q", ids)
		}
	}
}
