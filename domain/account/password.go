package account

import (
	"context"
	"fmt"
	"sync/atomic"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"farthing.dev/farthing/token"
)

// The bounds of a password. Length is what protects; the upper bound keeps a
// request from costing more than it should.
const (
	MinPassword = 8
	MaxPassword = 200
)

// CheckPassword refuses passwords that are too short, too long, or what guessers try
// first: those that many have chosen, and those made of what is known of who chooses: context is her
// e-mail address and name, and the names of the site. Anything else is good: as NIST SP
// 800-63B-4 has it, no kinds of characters are asked for.
func CheckPassword(password string, context ...string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < MinPassword:
		return token.Refuse(token.Unprocessable, "field_invalid.password_short", token.Number("least", MinPassword))
	case n > MaxPassword || len(password) > 4*MaxPassword:
		return token.Refuse(token.Unprocessable, "field_invalid.password_long", token.Number("most", MaxPassword))
	case isCommon(password):
		return token.Refuse(token.Unprocessable, "field_invalid.password_common")
	case isOfContext(password, context):
		return token.Refuse(token.Unprocessable, "field_invalid.password_own")
	}
	return nil
}

// Cost is what hashing a password takes, and guessing one.
type Cost struct {
	Memory uint32 // in KiB
	Passes uint32
}

// RecommendedCost is what the OWASP Password Storage Cheat Sheet recommends for argon2id.
func RecommendedCost() Cost { return Cost{Memory: 19 * 1024, Passes: 2} }

// Hasher hashes passwords with argon2id. It hashes at most a few at a time, so that a flood of
// logins waits instead of filling the memory.
type Hasher struct {
	params *argon2id.Params
	slots  chan struct{}
	decoy  string // the hash of no password, checked where there is no user
	done   atomic.Uint64
}

// NewHasher returns a Hasher that works on at most `concurrent` passwords at once.
func NewHasher(concurrent int, cost Cost) *Hasher {
	return &Hasher{
		params: &argon2id.Params{Memory: cost.Memory, Iterations: cost.Passes, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		slots:  make(chan struct{}, max(1, concurrent)),
		decoy:  fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", cost.Memory, cost.Passes),
	}
}

// Hash returns the hash of a password, with its salt and parameters.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	hash, err := argon2id.CreateHash(password, h.params)
	h.done.Add(1)
	return hash, token.Wrap(err, "hash password")
}

// Matches reports whether the password is the one of the hash. Without a hash it
// takes as long and says no, so that its time does not tell who has a login here.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	known := hash != ""
	if !known {
		hash = h.decoy
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	h.done.Add(1)
	return same && known, token.Wrap(err, "check password")
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return token.Refuse(token.Unavailable, "unavailable.busy").Because(ctx.Err())
	}
}

// Done returns how many passwords were hashed or compared.
func (h *Hasher) Done() uint64 { return h.done.Load() }

func (h *Hasher) leave() { <-h.slots }
