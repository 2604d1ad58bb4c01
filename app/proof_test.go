package app_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

var (
	rightSecret = [32]byte{1, 2, 3} // of tests/provider
	wrongSecret = [32]byte{3, 2, 1}
)

func TestASecretIsProvedByWhatItOpens(t *testing.T) {
	for _, c := range []struct {
		name   string
		fill   func(*house) // what the database of an earlier version holds
		opened bool
	}{
		{"nothing", func(*house) {}, false},
		{"signing keys", func(h *house) { h.signingKeys(keyring.Receipt) }, true},
		{"the key of logins alone", func(h *house) { h.signingKeys(keyring.Login) }, true},
		{"an authenticator alone", func(h *house) { h.authenticator() }, true},
		{"keys of tickets alone", func(h *house) { must(h.t, h.TurnKeys(h.t.Context())); h.dropSigningKeys() }, true},
		{"a later key of another server", func(h *house) {
			must(h.t, h.TurnKeys(h.t.Context()))
			h.Clock.Move(keyring.PolicyOf(keyring.Receipt).Every)
			other := h.Deps
			other.Secret = wrongSecret
			_, _ = app.Compose(other).SigningKeys(h.t.Context(), keyring.Receipt) // it makes one, and cannot sign
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			c.fill(h)
			proof, err := keys.ProveSecret(t.Context(), h.Catalog, rightSecret)
			must(t, err)
			want(t, "opened", proof.Opened, c.opened)
			want(t, "recorded", proof.Recorded, false)
			want(t, "lasting", proof.Lasting, rightSecret)
			_, err = keys.ProveSecret(t.Context(), h.Catalog, wrongSecret)
			want(t, "another secret is refused", errors.Is(err, keys.ErrOtherSecret), c.opened)
		})
	}
}

// dropSigningKeys leaves no private part.
func (h *house) dropSigningKeys() {
	h.t.Helper()
	for _, use := range keyring.Uses() {
		must(h.t, h.Catalog.RetireSigningKeys(h.t.Context(), use, 1<<60, 0))
	}
}

// authenticator gives the reader an authenticator, and returns its secret in base 32.
func (h *house) authenticator() string {
	h.t.Helper()
	attempt, err := h.BeginAuthenticator(h.t.Context(), h.reader)
	must(h.t, err)
	door := caller.Browser{Attempt: attempt}
	pending, err := h.PendingAuthenticator(h.t.Context(), h.reader, door)
	must(h.t, err)
	code, err := totp.GenerateCode(pending.Secret, h.Clock.Now())
	must(h.t, err)
	_, err = h.ConfirmAuthenticator(h.t.Context(), h.reader, door, code)
	must(h.t, err)
	return pending.Secret
}

func TestARecordedSecretIsTheOnlyOne(t *testing.T) {
	h := open(t)
	must(t, keys.RecordSecret(t.Context(), h.Catalog, rightSecret, h.Clock.Now()))
	must(t, keys.RecordSecret(t.Context(), h.Catalog, rightSecret, h.Clock.Now()))
	proof, err := keys.ProveSecret(t.Context(), h.Catalog, rightSecret)
	must(t, err)
	want(t, "recorded", proof.Recorded, true)
	if _, err := keys.ProveSecret(t.Context(), h.Catalog, wrongSecret); !errors.Is(err, keys.ErrOtherSecret) {
		t.Errorf("another secret: %v", err)
	}
	if err := keys.RecordSecret(t.Context(), h.Catalog, wrongSecret, h.Clock.Now()); !errors.Is(err, keys.ErrOtherSecret) {
		t.Errorf("a second server with another secret: %v", err)
	}
}

// A rotation leaves what people and vendors hold: pseudonyms, logins, receipts, tickets,
// authenticators, names of logins. A server with the old secret notices.
func TestARotationKeepsWhatPeopleHold(t *testing.T) {
	h := open(t)
	must(t, keys.RecordSecret(t.Context(), h.Catalog, rightSecret, h.Clock.Now()))
	must(t, h.TurnKeys(t.Context()))
	session, _, err := h.SignUp(t.Context(), login.SignUp{Email: "eve@reader.example", Password: "correct horse battery"})
	must(t, err)
	shown := h.authenticator()
	ticket := h.ticket("a")
	before := h.pseudonym(h.reader, h.live)
	sold := h.order(h.live, article("b", "0.25"))
	h.buy(h.reader, sold)
	receipt, err := h.Receipt(t.Context(), h.live, sold.ID)
	must(t, err)
	name, err := h.SessionName(h.vendor.ID, token.SessionID{9})
	must(t, err)
	must(t, h.CheckSecret(t.Context()))

	next := [32]byte{7}
	if err := keys.RotateSecret(t.Context(), h.Catalog, wrongSecret, next, rand.Reader, h.Clock.Now()); !errors.Is(err, keys.ErrOtherSecret) {
		t.Errorf("with another secret: %v", err)
	}
	must(t, keys.RotateSecret(t.Context(), h.Catalog, rightSecret, next, rand.Reader, h.Clock.Now()))
	if err := h.CheckSecret(t.Context()); !errors.Is(err, keys.ErrOtherSecret) {
		t.Errorf("the server with the old secret says %v", err)
	}
	for range 2 { // rotated once, and once more
		if _, err := keys.ProveSecret(t.Context(), h.Catalog, rightSecret); !errors.Is(err, keys.ErrOtherSecret) {
			t.Errorf("the old secret: %v", err)
		}
		proof, err := keys.ProveSecret(t.Context(), h.Catalog, next)
		must(t, err)
		deps := h.Deps
		deps.Secret, deps.Lasting = next, proof.Lasting
		h.Rooms = app.Compose(deps)
		must(t, h.CheckSecret(t.Context()))
		must(t, h.TurnKeys(t.Context()))
		want(t, "pseudonym", h.pseudonym(h.reader, h.live), before)
		again, err := h.Receipt(t.Context(), h.live, sold.ID)
		must(t, err)
		want(t, "receipt", again, receipt)
		after, err := h.SessionName(h.vendor.ID, token.SessionID{9})
		must(t, err)
		want(t, "name of a login", after, name)
		viewer, err := h.Viewer(t.Context(), session)
		must(t, err)
		want(t, "viewer", viewer.Email, "eve@reader.example")
		h.Clock.Move(30 * time.Second)
		entry, err := h.LoginByPassword(t.Context(), caller.Browser{}, h.reader.Email, "correct horse battery")
		must(t, err)
		code, err := totp.GenerateCode(shown, h.Clock.Now())
		must(t, err)
		entry, err = h.LoginBySecond(t.Context(), caller.Browser{Attempt: entry.Attempt}, code)
		must(t, err)
		want(t, "logged in by the authenticator", entry.Session != "", true)

		later := [32]byte{next[0] + 1}
		must(t, keys.RotateSecret(t.Context(), h.Catalog, next, later, rand.Reader, h.Clock.Now()))
		next = later
	}
	proof, err := keys.ProveSecret(t.Context(), h.Catalog, next)
	must(t, err)
	deps := h.Deps
	deps.Secret, deps.Lasting = next, proof.Lasting
	h.Rooms = app.Compose(deps)
	redeemed, err := h.Redeem(t.Context(), h.live, ticket, false)
	must(t, err)
	want(t, "the reader of an old ticket", redeemed.Reader, before)
}
