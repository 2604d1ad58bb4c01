package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base32"

	"farthing.dev/farthing/app/cache"
	"farthing.dev/farthing/token"
)

// Crockford is Crockford's base 32, for codes that people read to each other.
var Crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Deriver derives keys from the provider's secret. A vendor's keys are its own: what
// one vendor is given tells another nothing. Keys that must be able to be destroyed are
// not derived: see vault and rings.
//
// What vendors keep derives from lasting, the provider's first secret, so that it stays
// when the secret is rotated: pseudonyms, names of logins, proofs of sites.
type Deriver struct {
	secret  [32]byte
	lasting [32]byte
	readers *cache.Cache[token.VendorID, cipher.Block]
}

func NewDeriver(secret, lasting [32]byte, clock token.Clock) *Deriver {
	return &Deriver{
		secret:  secret,
		lasting: lasting,
		readers: cache.New[token.VendorID, cipher.Block](clock, cache.Forever, 4096),
	}
}

// Derive makes a key that changes when the secret is rotated.
func (l *Deriver) Derive(purpose string, vendor token.VendorID, more []byte, length int) ([]byte, error) {
	return deriveFrom(l.secret, purpose, vendor, more, length)
}

// DeriveLasting makes a key, or a name, that never changes.
func (l *Deriver) DeriveLasting(purpose string, vendor token.VendorID, more []byte, length int) ([]byte, error) {
	return deriveFrom(l.lasting, purpose, vendor, more, length)
}

func deriveFrom(secret [32]byte, purpose string, vendor token.VendorID, more []byte, length int) ([]byte, error) {
	info := append([]byte("farthing "+purpose+" "), vendor[:]...)
	return hkdf.Key(sha256.New, secret[:], nil, string(append(info, more...)), length)
}

// reader returns the block cipher between users and a vendor's pseudonyms for them.
func (l *Deriver) reader(vendor token.VendorID) (cipher.Block, error) {
	return l.readers.Get(vendor, func() (cipher.Block, error) {
		key, err := l.DeriveLasting("reader", vendor, nil, 16)
		if err != nil {
			return nil, token.Wrap(err, "derive reader key")
		}
		block, err := aes.NewCipher(key)
		return block, token.Wrap(err, "make reader cipher")
	})
}

// Pseudonym returns the name under which a vendor knows a user: always the same for
// the same vendor, unlike any other vendor's.
func (l *Deriver) Pseudonym(vendor token.VendorID, user token.UserID) (token.ReaderID, error) {
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

// User is the way back from a pseudonym. Of a made-up one it makes an id that no
// user has.
func (l *Deriver) User(vendor token.VendorID, reader token.ReaderID) (token.UserID, error) {
	var user token.UserID
	block, err := l.reader(vendor)
	if err == nil {
		block.Decrypt(user[:], reader[:])
	}
	return user, err
}
