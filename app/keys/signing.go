package keys

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"sync"
	"time"

	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// KeyUse is what a key signs.
type KeyUse = keyring.Use

// SigningKey is a key that others know us by.
type SigningKey struct {
	ID        string // the kid
	Use       KeyUse
	Algorithm string // of RFC 7518 and RFC 8037: EdDSA or RS256
	Public    crypto.PublicKey
	Private   crypto.Signer // nil, unless it is the one that signs now
}

// ringLife is how long keys are used as they were read: how late a replica learns of
// a key that another made, and does as time demands. It is far below keyring.Lead.
const ringLife = 5 * time.Minute

// ringPatience is how long a caller with keys that are still good waits for newer ones.
const ringPatience = time.Second

// signingKeys keep the signing keys of each use in memory.
type signingKeys struct {
	store keyring.Store
	clock token.Clock
	keys  *Deriver
	dice  *Random

	turning chan struct{} // holds a token while keys are read and made, so that it is done once
	mu      sync.Mutex
	byUse   map[KeyUse]*ring
}

// ring is the keys of one use as they were read.
type ring struct {
	keys  []SigningKey
	until time.Time
}

func newSigningKeys(store keyring.Store, clock token.Clock, keys *Deriver, dice *Random) *signingKeys {
	return &signingKeys{store: store, clock: clock, keys: keys, dice: dice, turning: make(chan struct{}, 1), byUse: map[KeyUse]*ring{}}
}

// SigningKeys returns the keys of a use: first the one that signs now, the only one
// with a private part, then all others that are published, newest first. Keys are
// made when they are due; replicas on one database agree on them.
func (a *Keys) SigningKeys(ctx context.Context, use KeyUse) ([]SigningKey, error) {
	return a.signing.get(ctx, use)
}

// get returns the keys of a use. Who has keys that are still good waits for nobody: they are
// read again by one caller, for a moment, and the others go on with what is known.
func (r *signingKeys) get(ctx context.Context, use KeyUse) ([]SigningKey, error) {
	now := r.clock.Now()
	known := r.known(use)
	if known != nil && now.Before(known.until) {
		return known.keys, nil
	}
	if known == nil || !now.Before(known.until.Add(keyring.Grace)) {
		return r.read(ctx, use)
	}
	select {
	case r.turning <- struct{}{}:
		<-r.turning
	default:
		return known.keys, nil
	}
	ctx, stop := context.WithTimeout(ctx, ringPatience)
	defer stop()
	keys, err := r.read(ctx, use)
	if err != nil { // the database is away; what is known is still good
		return known.keys, nil
	}
	return keys, nil
}

func (r *signingKeys) known(use KeyUse) *ring {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byUse[use]
}

// read reads the keys of a use, unless somebody else just has.
func (r *signingKeys) read(ctx context.Context, use KeyUse) ([]SigningKey, error) {
	select {
	case r.turning <- struct{}{}:
		defer func() { <-r.turning }()
	case <-ctx.Done():
		return nil, token.Refuse(token.Unavailable, "unavailable.signing_keys").Because(ctx.Err())
	}
	now := r.clock.Now()
	if known := r.known(use); known != nil && now.Before(known.until) {
		return known.keys, nil
	}
	keys, err := r.turn(ctx, use, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byUse[use] = &ring{keys: keys, until: now.Add(ringLife)}
	return keys, nil
}

// turn reads the keys of a use, makes the one that is due, and destroys what nothing
// needs any more.
func (r *signingKeys) turn(ctx context.Context, use KeyUse, now int64) ([]SigningKey, error) {
	policy := keyring.PolicyOf(use)
	stored, err := r.store.SigningKeys(ctx, use)
	if err != nil {
		return nil, err
	}
	plan := keyring.Decide(policy, stored, now)
	if plan.Make || plan.Sign < 0 {
		made, err := r.make(use, plan.Slot, now)
		if err != nil {
			return nil, err
		}
		if err := r.store.AddSigningKey(ctx, made); err != nil {
			return nil, err
		}
		if stored, err = r.store.SigningKeys(ctx, use); err != nil { // another replica may have been first
			return nil, err
		}
		plan = keyring.Decide(policy, stored, now)
	}
	if due(stored, plan) {
		if err := r.store.RetireSigningKeys(ctx, use, plan.Wipe, plan.Drop); err != nil {
			return nil, err
		}
	}
	return r.open(stored, plan)
}

// due reports whether the plan destroys anything that is still there.
func due(stored []keyring.Key, plan keyring.Plan) bool {
	for _, key := range stored {
		if key.Slot < plan.Drop || (key.Slot < plan.Wipe && len(key.Sealed) > 0) {
			return true
		}
	}
	return false
}

// open reads stored keys, and puts the one that signs first.
func (r *signingKeys) open(stored []keyring.Key, plan keyring.Plan) ([]SigningKey, error) {
	if plan.Sign < 0 {
		return nil, token.Fault("there is no key to sign with")
	}
	keys := make([]SigningKey, 1, len(stored))
	for i, key := range stored {
		if key.Slot < plan.Drop {
			break
		}
		public, err := x509.ParsePKIXPublicKey(key.Public)
		if err != nil {
			return nil, token.Wrap(err, "read a public key")
		}
		one := SigningKey{ID: key.ID, Use: key.Use, Algorithm: algorithmOf(public), Public: public}
		if i != plan.Sign {
			keys = append(keys, one)
			continue
		}
		if one.Private, err = r.unseal(key); err != nil {
			return nil, err
		}
		keys[0] = one
	}
	return keys, nil
}

func algorithmOf(public crypto.PublicKey) string {
	if _, ok := public.(ed25519.PublicKey); ok {
		return "EdDSA"
	}
	return "RS256"
}

// make makes a key with a sealed private part.
func (r *signingKeys) make(use KeyUse, slot, now int64) (keyring.Key, error) {
	private, err := r.generate(use)
	if err != nil {
		return keyring.Key{}, token.Wrap(err, "make a signing key")
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return keyring.Key{}, token.Wrap(err, "write a public key")
	}
	id, err := thumbprint(private.Public())
	if err != nil {
		return keyring.Key{}, err
	}
	key := keyring.Key{Use: use, Slot: slot, ID: id, Public: public, CreatedAt: now}
	plain, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return keyring.Key{}, token.Wrap(err, "write a private key")
	}
	defer clear(plain)
	key.Sealed, err = r.keys.Seal(r.dice, signingBox, plain, nameOf(key))
	return key, err
}

func (r *signingKeys) generate(use KeyUse) (crypto.Signer, error) {
	if use == keyring.Login {
		return rsa.GenerateKey(nil, 2048) // takes the system's randomness
	}
	seed := make([]byte, ed25519.SeedSize)
	defer clear(seed)
	if err := r.dice.Fill(seed); err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// unseal opens a private part.
func (r *signingKeys) unseal(key keyring.Key) (crypto.Signer, error) {
	plain, err := r.keys.Open(signingBox, key.Sealed, nameOf(key))
	if err != nil {
		return nil, token.Wrap(err, "open a signing key")
	}
	defer clear(plain)
	private, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return nil, token.Wrap(err, "read a private key")
	}
	return private.(crypto.Signer), nil // both kinds that are made are signers
}

// nameOf binds a sealed private part to its use and id, so that rows cannot be
// exchanged.
func nameOf(key keyring.Key) []byte { return []byte(string(key.Use) + " " + key.ID) }

// box returns the cipher under which secrets of one purpose are kept in the database.
func (l *Deriver) box(purpose string) (cipher.AEAD, error) {
	key, err := l.Derive(purpose, token.VendorID{}, nil, 32)
	if err != nil {
		return nil, token.Wrap(err, "derive a key")
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, token.Wrap(err, "make a cipher")
	}
	box, err := cipher.NewGCM(block)
	return box, token.Wrap(err, "make a cipher")
}

// thumbprint is the name of a public key (RFC 7638): SHA-256 of its members in
// alphabetical order.
func thumbprint(public crypto.PublicKey) (string, error) {
	base64url := base64.RawURLEncoding.EncodeToString
	members := map[string]string{} // written in alphabetical order
	switch key := public.(type) {
	case ed25519.PublicKey:
		members["crv"], members["kty"], members["x"] = "Ed25519", "OKP", base64url(key)
	case *rsa.PublicKey:
		members["e"], members["kty"], members["n"] = base64url(big.NewInt(int64(key.E)).Bytes()), "RSA", base64url(key.N.Bytes())
	}
	text, err := json.Marshal(members)
	if err != nil {
		return "", token.Wrap(err, "name a key")
	}
	sum := sha256.Sum256(text)
	return base64url(sum[:]), nil
}
