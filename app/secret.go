package app

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"io"
	"sync"

	"farthing.dev/farthing/token"
)

// crockford is Crockford's base 32, for codes that people read to each other.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// dice gives out randomness to any number of callers.
type dice struct {
	mu   sync.Mutex
	from io.Reader
}

// newRandom returns a source that reads from r.
func newRandom(r io.Reader) *dice { return &dice{from: r} }

func (d *dice) fill(b []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := io.ReadFull(d.from, b)
	return token.Wrap(err, "read randomness")
}

// secret returns a new secret of 256 bits, written in base64url.
func (d *dice) secret() (string, error) {
	var b [32]byte
	err := d.fill(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:]), err
}

// locksmith derives keys from the provider's secret. A vendor's keys are its own: what
// one vendor is given tells another nothing. Keys that must be able to be destroyed are
// not derived: see vault and rings.
//
// What vendors keep derives from lasting, the provider's first secret, so that it stays
// when the secret is rotated: pseudonyms, names of logins, proofs of sites.
type locksmith struct {
	secret  [32]byte
	lasting [32]byte
	readers *cache[token.VendorID, cipher.Block]
}

func newLocksmith(secret, lasting [32]byte, clock token.Clock) *locksmith {
	return &locksmith{
		secret:  secret,
		lasting: lasting,
		readers: newCache[token.VendorID, cipher.Block](clock, forever, 4096),
	}
}

// derive makes a key that changes when the secret is rotated.
func (l *locksmith) derive(purpose string, vendor token.VendorID, more []byte, length int) ([]byte, error) {
	return deriveFrom(l.secret, purpose, vendor, more, length)
}

// deriveLasting makes a key, or a name, that never changes.
func (l *locksmith) deriveLasting(purpose string, vendor token.VendorID, more []byte, length int) ([]byte, error) {
	return deriveFrom(l.lasting, purpose, vendor, more, length)
}

func deriveFrom(secret [32]byte, purpose string, vendor token.VendorID, more []byte, length int) ([]byte, error) {
	info := append([]byte("farthing "+purpose+" "), vendor[:]...)
	return hkdf.Key(sha256.New, secret[:], nil, string(append(info, more...)), length)
}

// reader returns the block cipher between users and a vendor's pseudonyms for them.
func (l *locksmith) reader(vendor token.VendorID) (cipher.Block, error) {
	return l.readers.get(vendor, func() (cipher.Block, error) {
		key, err := l.deriveLasting("reader", vendor, nil, 16)
		if err != nil {
			return nil, token.Wrap(err, "derive reader key")
		}
		block, err := aes.NewCipher(key)
		return block, token.Wrap(err, "make reader cipher")
	})
}

// pseudonym returns the name under which a vendor knows a user: always the same for
// the same vendor, unlike any other vendor's.
func (l *locksmith) pseudonym(vendor token.VendorID, user token.UserID) (token.ReaderID, error) {
	var reader token.ReaderID
	if user.IsZero() {
		return reader, nil
	}
	block, err := l.reader(vendor)
	if err == nil {
		block.Encrypt(reader[:], user[:])
	}
	return reader, err
}

// user is the way back from a pseudonym. Of a made-up one it makes an id that no
// user has.
func (l *locksmith) user(vendor token.VendorID, reader token.ReaderID) (token.UserID, error) {
	var user token.UserID
	block, err := l.reader(vendor)
	if err == nil {
		block.Decrypt(user[:], reader[:])
	}
	return user, err
}

// authorisation is the provider's authorising answer to a paid order: a short code
// that a vendor's staff can read out.
func authorisation(order token.OrderID) string {
	sum := sha256.Sum256(append([]byte("authorisation"), order[:]...))
	return crockford.EncodeToString(sum[:5])
}
