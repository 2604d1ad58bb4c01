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

func testTicketKeys(t *testing.T, s *shelf) {
	key := func(epoch keyring.Epoch, text string) keyring.TicketKey {
		return keyring.TicketKey{Epoch: epoch, ID: text, Sealed: []byte(text), CreatedAt: 5}
	}
	must(t, s.AddTicketKeys(t.Context(), []keyring.TicketKey{key(7, "a"), key(8, "b")}))
	must(t, s.AddTicketKeys(t.Context(), []keyring.TicketKey{key(8, "of another replica"), key(9, "c")}))
	found, err := s.TicketKeys(t.Context(), 8)
	same(t, found, err, []keyring.TicketKey{key(8, "b"), key(9, "c")})

	for range 2 { // what a replica has in memory comes beside what another made
		must(t, s.RestoreTicketKeys(t.Context(), []keyring.TicketKey{key(8, "b"), key(9, "d")}))
	}
	found, err = s.TicketKeys(t.Context(), 8)
	same(t, found, err, []keyring.TicketKey{key(8, "b"), key(9, "c"), key(9, "d")})

	must(t, s.DropTicketKeys(t.Context(), 9))
	must(t, s.Scrub(t.Context()))
	found, err = s.TicketKeys(t.Context(), 0)
	same(t, found, err, []keyring.TicketKey{key(9, "c"), key(9, "d")})
}
