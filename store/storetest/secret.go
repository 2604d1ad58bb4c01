package storetest

import (
	"fmt"
	"testing"

	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// marked is a Resealer that shows what it was given.
type marked struct{}

func (marked) SigningKey(k keyring.Key) ([]byte, error) {
	return fmt.Appendf(nil, "%s %s again", k.Sealed, k.ID), nil
}

func (marked) TicketKey(k keyring.TicketKey) ([]byte, error) {
	return fmt.Appendf(nil, "%s %d again", k.Sealed, k.Epoch), nil
}

func (marked) Authenticator(user token.UserID, sealed []byte) ([]byte, error) {
	return fmt.Appendf(nil, "%s %s again", sealed, user), nil
}

func (marked) Delivery(id token.DeliveryID, sealed []byte) ([]byte, error) {
	return fmt.Appendf(nil, "%s %s again", sealed, id), nil
}

func testSecret(t *testing.T, s *shelf) {
	_, err := s.Secret(t.Context())
	wantCode(t, err, token.CodeNotFound)
	first := keyring.Secret{Fingerprint: []byte("first"), Lasting: []byte{}, SetAt: 5}
	must(t, s.AddSecret(t.Context(), first))
	must(t, s.AddSecret(t.Context(), keyring.Secret{Fingerprint: []byte("of another replica"), SetAt: 6}))
	found, err := s.Secret(t.Context())
	same(t, found, err, first)

	must(t, s.AddSigningKey(t.Context(), keyring.Key{Use: keyring.Receipt, Slot: 7, ID: "a", Public: []byte("p"), Sealed: []byte{}, CreatedAt: 5}))
	must(t, s.AddSigningKey(t.Context(), keyring.Key{Use: keyring.Receipt, Slot: 8, ID: "b", Public: []byte("p"), Sealed: []byte("key"), CreatedAt: 5}))
	must(t, s.AddTicketKeys(t.Context(), []keyring.TicketKey{{Epoch: 9, Sealed: []byte("root"), CreatedAt: 5}}))
	users := make([]token.UserID, 1003) // more than are resealed at once
	if testing.Short() {
		users = users[:3]
	}
	for i := range users {
		users[i] = token.NewID[token.UserKind](s.ids)
		must(t, s.SetAuthenticator(t.Context(), credential.Authenticator{User: users[i], Sealed: []byte("shared"), CreatedAt: 5}, nil))
	}
	must(t, s.AddAttempt(t.Context(), credential.Attempt{Hash: credential.AttemptHash{1}, Kind: credential.NewSecrets, User: users[0], State: []byte("old"), ExpiresAt: 1 << 50}))
	must(t, s.AddAttempt(t.Context(), credential.Attempt{Hash: credential.AttemptHash{2}, Kind: credential.MailCode, User: users[0], State: []byte{}, ExpiresAt: 1 << 50}))

	second := keyring.Secret{Fingerprint: []byte("second"), Lasting: []byte("sealed"), SetAt: 7}
	wantCode(t, s.RotateSecret(t.Context(), []byte("another"), second, marked{}), token.CodeStale)
	found, err = s.Secret(t.Context())
	same(t, found, err, first)

	must(t, s.RotateSecret(t.Context(), []byte("first"), second, marked{}))
	found, err = s.Secret(t.Context())
	same(t, found, err, second)
	keys, err := s.SigningKeys(t.Context(), keyring.Receipt)
	same(t, []string{string(keys[0].Sealed), string(keys[1].Sealed)}, err, []string{"key b again", ""})
	tickets, err := s.TicketKeys(t.Context(), 0)
	same(t, string(tickets[0].Sealed), err, "root 9 again")
	for _, user := range users {
		a, err := s.Authenticator(t.Context(), user)
		same(t, string(a.Sealed), err, "shared "+user.String()+" again")
	}
	_, err = s.Attempt(t.Context(), credential.AttemptHash{1})
	wantCode(t, err, token.CodeNotFound)
	_, err = s.Attempt(t.Context(), credential.AttemptHash{2})
	must(t, err)
	some, err := s.SealedAuthenticators(t.Context(), 2)
	same(t, len(some), err, 2)
}
