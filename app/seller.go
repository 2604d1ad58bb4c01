package app

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Seller returns who a vendor's key belongs to.
func (a *App) Seller(ctx context.Context, bearer string) (Seller, error) {
	unknown := token.Refuse(token.Unauthorised, "unauthorised.key")
	if len(bearer) > 200 || (!strings.HasPrefix(bearer, liveKey) && !strings.HasPrefix(bearer, testKey)) {
		return Seller{}, unknown
	}
	hash := catalog.KeyHash(sha256.Sum256([]byte(bearer)))
	key, err := a.apiKeys.get(hash, func() (catalog.APIKey, error) { return a.catalog.KeyByHash(ctx, hash) })
	if err == nil && key.RevokedAt != 0 {
		a.Note(ctx, SecurityEvent{Code: token.CodeKeyRevoked, Vendor: key.Vendor, Detail: "the revoked key that ends in " + key.Hint + " was used"})
		return Seller{}, unknown
	}
	if token.CodeOf(err) == token.CodeNotFound {
		return Seller{}, unknown
	}
	return Seller{Vendor: key.Vendor, Key: key.ID, Login: key.Login, Test: key.Test}, err
}

// Me returns who the seller is.
func (a *App) Me(ctx context.Context, s Seller) (Me, error) {
	vendor, err := a.vendor(ctx, s.Vendor)
	if err != nil {
		return Me{}, err
	}
	reader, err := a.keys.pseudonym(s.Vendor, vendor.SandboxUser)
	return Me{Vendor: s.Vendor, Name: vendor.Name, Login: s.Login, Key: s.Key, Test: s.Test, SandboxReader: reader}, err
}

// requestKey makes the journal's form of an idempotency key. Keys of the sandbox and of real
// life do not meet; the same key for another operation is another request.
func requestKey(s Seller, text, operation string, digest []byte) (journal.Key, error) {
	if text == "" {
		return journal.Key{}, token.Refuse(token.Malformed, "idempotency_key_missing.none")
	}
	if len(text) > 255 {
		return journal.Key{}, token.Refuse(token.Malformed, "idempotency_key_missing.too_long")
	}
	for i := range len(text) {
		if text[i] < '!' || text[i] > '~' {
			return journal.Key{}, token.Refuse(token.Malformed, "idempotency_key_missing.not_ascii")
		}
	}
	purpose := "api live"
	if s.Test {
		purpose = "api test"
	}
	request := make([]byte, 0, len(operation)+1+len(digest))
	request = append(append(append(request, operation...), 0), digest...)
	return journal.NewKey(s.Vendor, purpose, text, request), nil
}

// catalogRequest is requestKey for additions to the catalogue; an addition from the
// console has no key.
func catalogRequest(s Seller, text, operation string, digest []byte, now time.Time) (catalog.Request, error) {
	at := now.UnixMilli()
	if text == "" && s.Key.IsZero() {
		return catalog.Request{At: at}, nil
	}
	key, err := requestKey(s, text, operation, digest)
	return catalog.Request{Key: key, At: at}, err
}
