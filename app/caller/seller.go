package caller

import (
	"time"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

func WrongMode(test bool) error {
	if test {
		return token.Refuse(token.Forbidden, "mode_mismatch.needs_test_key")
	}
	return token.Refuse(token.Forbidden, "mode_mismatch.needs_live_key")
}

// Foreign answers for what is not there or not the caller's: both look the same.
func Foreign(err error, reason token.Reason) error {
	if err != nil && token.CodeOf(err) != token.CodeNotFound {
		return err
	}
	return token.Refuse(token.NotFound, reason)
}

// RequestKey makes the journal's form of an idempotency key. Keys of the sandbox and of real
// life do not meet; the same key for another operation is another request.
func RequestKey(s Seller, text, operation string, digest []byte) (journal.Key, error) {
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

// CatalogRequest is requestKey for additions to the catalogue; an addition from the
// console has no key.
func CatalogRequest(s Seller, text, operation string, digest []byte, now time.Time) (catalog.Request, error) {
	at := now.UnixMilli()
	if text == "" && s.Key.IsZero() {
		return catalog.Request{At: at}, nil
	}
	key, err := RequestKey(s, text, operation, digest)
	return catalog.Request{Key: key, At: at}, err
}

// Seller is a vendor's server.
type Seller struct {
	Vendor token.VendorID
	Key    token.KeyID
	Login  string // the name that the key was given: the vendor login of requirement 43
	Test   bool   // acts in the sandbox only
	Looks  bool   // a member whose purchase window has ended: looks, and changes nothing that is dear
}
