package account

import (
	"testing"

	"github.com/alexedwards/argon2id"
)

// Comparing with the decoy must cost what comparing with a hash of ours costs, and be
// counted like it.
func TestTheDecoyCostsWhatAHashCosts(t *testing.T) {
	h := NewHasher(1, RecommendedCost())
	params, salt, key, err := argon2id.DecodeHash(h.decoy)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Cost{Memory: 19456, Passes: 2}); RecommendedCost() != want { // OWASP Password Storage Cheat Sheet
		t.Errorf("hashing costs %+v, want %+v", RecommendedCost(), want)
	}
	if *params != *h.params || len(salt) != int(h.params.SaltLength) || len(key) != int(h.params.KeyLength) {
		t.Errorf("the decoy is %+v, hashes are %+v", *params, *h.params)
	}
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for i, test := range []struct {
		password, hash string
		want           bool
	}{{"correct horse", hash, true}, {"battery", hash, false}, {"correct horse", "", false}, {"", "", false}} {
		if got, err := h.Matches(t.Context(), test.password, test.hash); err != nil || got != test.want {
			t.Errorf("%q: %t, %v", test.password, got, err)
		}
		if h.Done() != uint64(i)+2 {
			t.Errorf("%q: %d were computed", test.password, h.Done())
		}
	}
}
