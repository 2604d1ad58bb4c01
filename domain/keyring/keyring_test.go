package keyring_test

import (
	"testing"
	"time"

	"farthing.dev/farthing/domain/keyring"
)

func TestDecide(t *testing.T) {
	const day = int64(24 * time.Hour / time.Millisecond)
	policy := keyring.Policy{Every: 30 * 24 * time.Hour, Keep: 45 * 24 * time.Hour}
	key := func(slot, created int64) keyring.Key {
		return keyring.Key{Slot: slot, Sealed: []byte{1}, CreatedAt: created}
	}
	wiped := func(slot, created int64) keyring.Key { return keyring.Key{Slot: slot, CreatedAt: created} }
	tests := []struct {
		name string
		keys []keyring.Key
		now  int64
		want keyring.Plan
	}{
		{"the first key is made at once", nil, 100 * day, keyring.Plan{Make: true, Slot: 3, Sign: -1}},
		{"and signs at once", []keyring.Key{key(3, 100*day)}, 100 * day, keyring.Plan{Slot: 3}},
		{"a day before the next period its key is missing", []keyring.Key{key(3, 100*day)}, 119 * day, keyring.Plan{Make: true, Slot: 4, Wipe: 3}},
		{"the next key is published and does not sign", []keyring.Key{key(4, 119*day), key(3, 100*day)}, 120*day - 1, keyring.Plan{Slot: 4, Sign: 1, Wipe: 3}},
		{"it signs after a day", []keyring.Key{key(4, 119*day), key(3, 100*day)}, 120 * day, keyring.Plan{Slot: 4}},
		{"then the old one's private part goes", []keyring.Key{key(4, 119*day), key(3, 100*day)}, 120*day + day/24, keyring.Plan{Slot: 4, Wipe: 4}},
		{"a key made late waits its day too", []keyring.Key{key(4, 130*day), key(3, 100*day)}, 131*day - 1, keyring.Plan{Slot: 4, Sign: 1, Wipe: 3}},
		{"the old one stays published", []keyring.Key{key(4, 119*day), wiped(3, 100*day)}, 165*day - 1, keyring.Plan{Make: true, Slot: 5, Wipe: 4}},
		{"until nothing it signed matters", []keyring.Key{key(4, 119*day), wiped(3, 100*day)}, 165 * day, keyring.Plan{Make: true, Slot: 5, Wipe: 4, Drop: 4}},
		{"a key without a private part never signs", []keyring.Key{wiped(4, 100*day)}, 120 * day, keyring.Plan{Slot: 4, Sign: -1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := keyring.Decide(policy, test.keys, test.now); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestKeysAreKnownBeforeTheySign(t *testing.T) {
	if keyring.Lead < 2*keyring.PublishedFor {
		t.Error("somebody may meet a signature before the key that made it")
	}
	for _, use := range keyring.Uses() {
		if policy := keyring.PolicyOf(use); policy.Every < 2*keyring.Lead || policy.Keep < policy.Every {
			t.Errorf("%s: %+v", use, policy)
		}
	}
}
