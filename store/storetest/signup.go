package storetest

import (
	"testing"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// testWaiting is about sign-ups and new passwords that wait for an answer by e-mail.
func testWaiting(t *testing.T, s *shelf) {
	signUp := account.SignUp{
		Hash: [32]byte{1}, Code: [32]byte{2}, Email: "ada@reader.example", Name: "Ada", Password: "hash",
		Referrer: token.NewID[token.VendorKind](s.ids), Next: "/pay/ord_1", ExpiresAt: 20,
	}
	must(t, s.AddSignUp(t.Context(), signUp))
	for tries := range int64(2) {
		found, err := s.TrySignUp(t.Context(), signUp.Hash)
		signUp.Tries = tries + 1
		same(t, found, err, signUp)
	}
	must(t, s.DropWaitingBefore(t.Context(), 20))
	must(t, s.DropSignUp(t.Context(), [32]byte{9}))
	_, err := s.TrySignUp(t.Context(), signUp.Hash)
	must(t, err)
	must(t, s.DropWaitingBefore(t.Context(), 21))
	_, err = s.TrySignUp(t.Context(), signUp.Hash)
	wantCode(t, err, token.CodeNotFound)

	user, owned := s.user("ada@reader.example")
	must(t, s.AddUser(t.Context(), user, owned))
	must(t, s.AddSession(t.Context(), account.Session{ID: token.NewID[token.SessionKind](s.ids), Hash: account.SessionHash{1}, User: user.ID, Account: owned.ID}, user.Password))
	wish, other := account.Reset{Hash: [32]byte{3}, User: user.ID, ExpiresAt: 30}, account.Reset{Hash: [32]byte{4}, User: user.ID, ExpiresAt: 30}
	must(t, s.AddReset(t.Context(), wish))
	must(t, s.AddReset(t.Context(), other))
	kept, err := s.Reset(t.Context(), wish.Hash)
	same(t, kept, err, wish)
	must(t, s.UseReset(t.Context(), wish.Hash, "new hash"))
	wantCode(t, s.UseReset(t.Context(), wish.Hash, "newer hash"), token.CodeNotFound)
	wantCode(t, s.UseReset(t.Context(), other.Hash, "newer hash"), token.CodeNotFound)
	user.Password = "new hash"
	found, err := s.User(t.Context(), user.ID)
	same(t, found, err, user)
	sessions, err := s.Sessions(t.Context(), user.ID)
	same(t, sessions, err, nil)

	must(t, s.AddReset(t.Context(), wish))
	must(t, s.DropWaitingBefore(t.Context(), 31))
	_, err = s.Reset(t.Context(), wish.Hash)
	wantCode(t, err, token.CodeNotFound)
}
