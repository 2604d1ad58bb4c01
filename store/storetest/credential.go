package storetest

import (
	"sync"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

func testPasskeys(t *testing.T, s *shelf) {
	ada, bob := token.NewID[token.UserKind](s.ids), token.NewID[token.UserKind](s.ids)
	phone := credential.Passkey{
		ID: []byte{0, 1, 0xff}, User: ada, Name: "Früh \"phone\"", Public: []byte{2, 3}, SignCount: 0xffff_fff0, Transports: "hybrid internal",
		Eligible: true, BackedUp: true, CreatedAt: 5, UsedAt: 6,
	}
	key := credential.Passkey{ID: []byte{1}, User: ada, Name: "Key", Public: []byte{4}, CreatedAt: 7}
	must(t, s.AddPasskey(t.Context(), key))
	must(t, s.AddPasskey(t.Context(), phone))
	stolen := phone
	stolen.User = bob
	wantCode(t, s.AddPasskey(t.Context(), stolen), token.CodeTaken)
	found, err := s.Passkey(t.Context(), phone.ID)
	same(t, found, err, phone)
	all, err := s.Passkeys(t.Context(), ada)
	same(t, all, err, []credential.Passkey{phone, key})

	phone.SignCount, phone.BackedUp, phone.UsedAt = 0xffff_ffff, false, 9
	must(t, s.UsePasskey(t.Context(), phone))
	wantCode(t, s.UsePasskey(t.Context(), phone), token.CodeStale) // the same count again
	lower := phone
	lower.SignCount = 0
	wantCode(t, s.UsePasskey(t.Context(), lower), token.CodeStale)
	found, err = s.Passkey(t.Context(), phone.ID)
	same(t, found, err, phone)
	for at := range int64(2) { // one that does not count
		key.UsedAt = 10 + at
		must(t, s.UsePasskey(t.Context(), key))
	}

	wantCode(t, s.RenamePasskey(t.Context(), bob, key.ID, "Mine"), token.CodeNotFound)
	must(t, s.RenamePasskey(t.Context(), ada, key.ID, "The blue key"))
	key.Name = "The blue key"
	found, err = s.Passkey(t.Context(), key.ID)
	same(t, found, err, key)
	wantCode(t, s.DropPasskey(t.Context(), bob, key.ID), token.CodeNotFound)
	must(t, s.DropPasskey(t.Context(), ada, key.ID))
	_, err = s.Passkey(t.Context(), key.ID)
	wantCode(t, err, token.CodeNotFound)
}

func testAuthenticators(t *testing.T, s *shelf) {
	ada, bob := token.NewID[token.UserKind](s.ids), token.NewID[token.UserKind](s.ids)
	_, err := s.Authenticator(t.Context(), ada)
	wantCode(t, err, token.CodeNotFound)
	wantCode(t, s.Spend(t.Context(), credential.Spent{User: ada, Step: 5}), token.CodeLoginInvalid)

	first := credential.Authenticator{User: ada, Sealed: []byte{1, 2}, Step: 3, CreatedAt: 4}
	codes := []credential.RecoveryHash{{1}, {2}, {3}}
	must(t, s.SetAuthenticator(t.Context(), first, codes))
	must(t, s.SetAuthenticator(t.Context(), credential.Authenticator{User: bob, Sealed: []byte{9}}, codes))
	found, err := s.Authenticator(t.Context(), ada)
	same(t, found, err, first)

	var taken atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if s.Spend(t.Context(), credential.Spent{User: ada, Step: 7}) == nil {
				taken.Add(1)
			}
		})
	}
	all.Wait()
	same(t, taken.Load(), nil, 1)
	wantCode(t, s.Spend(t.Context(), credential.Spent{User: ada, Step: 6}), token.CodeLoginInvalid)

	wantCode(t, s.Spend(t.Context(), credential.Spent{User: ada, Recovery: credential.RecoveryHash{4}}), token.CodeLoginInvalid)
	must(t, s.Spend(t.Context(), credential.Spent{User: ada, Recovery: codes[0]}))
	wantCode(t, s.Spend(t.Context(), credential.Spent{User: ada, Recovery: codes[0]}), token.CodeLoginInvalid)
	left, err := s.RecoveryCodesLeft(t.Context(), ada)
	same(t, left, err, 2)
	must(t, s.SetRecoveryCodes(t.Context(), ada, []credential.RecoveryHash{{8}}))
	wantCode(t, s.Spend(t.Context(), credential.Spent{User: ada, Recovery: codes[1]}), token.CodeLoginInvalid)
	left, err = s.RecoveryCodesLeft(t.Context(), bob)
	same(t, left, err, 3)

	must(t, s.DropAuthenticator(t.Context(), ada))
	wantCode(t, s.DropAuthenticator(t.Context(), ada), token.CodeNotFound)
	left, err = s.RecoveryCodesLeft(t.Context(), ada)
	same(t, left, err, 0)
	_, err = s.Authenticator(t.Context(), ada)
	wantCode(t, err, token.CodeNotFound)
}

func testAttempts(t *testing.T, s *shelf) {
	attempt := credential.Attempt{
		Hash: credential.AttemptHash{1, 2}, Kind: credential.MailCode, User: token.NewID[token.UserKind](s.ids), Email: "ada@reader.example",
		Methods: []account.Method{account.ByPassword, account.ByOTP}, Code: [32]byte{7}, State: []byte("state"), ExpiresAt: 50,
	}
	unknown := credential.Attempt{Hash: credential.AttemptHash{2}, Kind: credential.Assertion, State: []byte{}, ExpiresAt: 60}
	must(t, s.AddAttempt(t.Context(), attempt))
	must(t, s.AddAttempt(t.Context(), unknown))
	wantCode(t, s.AddAttempt(t.Context(), attempt), token.CodeTaken)
	found, err := s.Attempt(t.Context(), unknown.Hash)
	same(t, found, err, unknown)

	must(t, s.TryAttempt(t.Context(), attempt.Hash, 2))
	must(t, s.TryAttempt(t.Context(), attempt.Hash, 2))
	wantCode(t, s.TryAttempt(t.Context(), attempt.Hash, 2), token.CodeNotFound)
	attempt.Tries = 2
	found, err = s.Attempt(t.Context(), attempt.Hash)
	same(t, found, err, attempt)

	must(t, s.Spend(t.Context(), credential.Spent{Attempt: attempt.Hash}))
	wantCode(t, s.Spend(t.Context(), credential.Spent{Attempt: attempt.Hash}), token.CodeLoginOver)
	_, err = s.Attempt(t.Context(), attempt.Hash)
	wantCode(t, err, token.CodeNotFound)

	must(t, s.DropAttemptsBefore(t.Context(), 60))
	_, err = s.Attempt(t.Context(), unknown.Hash)
	must(t, err)
	must(t, s.DropAttemptsBefore(t.Context(), 61))
	_, err = s.Attempt(t.Context(), unknown.Hash)
	wantCode(t, err, token.CodeNotFound)
}
