package keyring

import (
	"context"

	"farthing.dev/farthing/token"
)

// Secret is what the database knows of the provider's secret: enough to tell the right
// one from another, and nothing to find it by.
type Secret struct {
	Fingerprint []byte // derived from the secret, one way
	// Lasting is the provider's first secret, from which pseudonyms derive for ever,
	// encrypted under the present one. It is empty until the secret is rotated.
	Lasting []byte
	SetAt   int64 // milliseconds since 1970
}

// SecretStore keeps what is known of the secret.
type SecretStore interface {
	// Secret returns what is known of the secret, or CodeNotFound before it was recorded.
	Secret(ctx context.Context) (Secret, error)
	// AddSecret records the first secret, unless one is recorded already.
	AddSecret(ctx context.Context, secret Secret) error
	// RotateSecret replaces the secret with the fingerprint from, and all that is
	// encrypted under it, in one transaction. Where from is not the present one, the
	// answer is CodeStale and nothing is changed.
	RotateSecret(ctx context.Context, from []byte, to Secret, reseal Resealer) error
}

// Resealer turns what is encrypted under one secret into the same under another.
type Resealer interface {
	SigningKey(key Key) (sealed []byte, err error)
	TicketKey(key TicketKey) (sealed []byte, err error)
	Authenticator(user token.UserID, sealed []byte) ([]byte, error)
	// Delivery reseals what a message of the queue says.
	Delivery(id token.DeliveryID, sealed []byte) ([]byte, error)
}
