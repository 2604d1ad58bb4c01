package storetest

import (
	"testing"

	"farthing.dev/farthing/domain/keyring"
)

func testSigningKeys(t *testing.T, s *shelf) {
	key := func(use keyring.Use, slot int64, id string) keyring.Key {
		return keyring.Key{Use: use, Slot: slot, ID: id, Public: []byte("public " + id), Sealed: []byte("sealed " + id), CreatedAt: 5}
	}
	first, second, third := key(keyring.Receipt, 7, "a"), key(keyring.Receipt, 8, "b"), key(keyring.Receipt, 9, "c")
	login := key(keyring.Login, 7, "d")
	for _, k := range []keyring.Key{first, second, third, login, key(keyring.Receipt, 8, "another of the same slot")} {
		must(t, s.AddSigningKey(t.Context(), k))
	}
	found, err := s.SigningKeys(t.Context(), keyring.Receipt)
	same(t, found, err, []keyring.Key{third, second, first})

	must(t, s.RetireSigningKeys(t.Context(), keyring.Receipt, 9, 8))
	second.Sealed = []byte{}
	found, err = s.SigningKeys(t.Context(), keyring.Receipt)
	same(t, found, err, []keyring.Key{third, second})
	found, err = s.SigningKeys(t.Context(), keyring.Login)
	same(t, found, err, []keyring.Key{login})
	found, err = s.SigningKeys(t.Context(), "nothing")
	same(t, found, err, nil)
}
