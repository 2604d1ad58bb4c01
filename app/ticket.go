package app

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"farthing.dev/farthing/token"
)

// ticketLife is how long the way back from the provider to the vendor may take.
const ticketLife = 120 * time.Second

// claims are what a ticket says: who may open what, once, and where it was sent to.
type claims struct {
	Order   token.OrderID
	Reader  token.ReaderID
	Nonce   [16]byte
	URL     [16]byte // the first half of SHA-256 of the return URL
	Expires int64
}

const claimsLength = 16 + 16 + 16 + 16 + 8

func hashURL(url string) [16]byte {
	sum := sha256.Sum256([]byte(url))
	return [16]byte(sum[:16])
}

// seal writes a ticket: the hour of its key, a nonce, and the claims encrypted
// under the vendor's key of that hour.
func (a *App) seal(vendor token.VendorID, c claims) (string, error) {
	hour := uint32(a.clock.Now().Unix() / 3600)
	aead, err := a.keys.ticket(vendor, hour)
	if err != nil {
		return "", err
	}
	out := binary.BigEndian.AppendUint32(make([]byte, 0, 4+12+claimsLength+16), hour)
	out = out[:4+aead.NonceSize()]
	if err := a.dice.fill(out[4:]); err != nil {
		return "", err
	}
	plain := make([]byte, 0, claimsLength)
	plain = append(plain, c.Order[:]...)
	plain = append(plain, c.Reader[:]...)
	plain = append(plain, c.Nonce[:]...)
	plain = append(plain, c.URL[:]...)
	plain = binary.BigEndian.AppendUint64(plain, uint64(c.Expires))
	sealed := aead.Seal(out, out[4:], plain, out[:4])
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// unseal reads a ticket, if it was made for this vendor, in this hour or the one
// before, and is in time.
func (a *App) unseal(vendor token.VendorID, ticket string) (claims, error) {
	var c claims
	invalid := token.New(token.Forbidden, token.CodeTicketInvalid, "this ticket was not made for you, or was altered")
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(sealed) != 4+12+claimsLength+16 {
		return c, invalid
	}
	now := a.clock.Now()
	hour := binary.BigEndian.Uint32(sealed)
	current := uint32(now.Unix() / 3600)
	if hour != current && hour+1 != current {
		return c, token.New(token.Gone, token.CodeTicketExpired, "this ticket is too old; send the reader to the pay_url again for a new one")
	}
	aead, err := a.keys.ticket(vendor, hour)
	if err != nil {
		return c, err
	}
	plain, err := aead.Open(nil, sealed[4:16], sealed[16:], sealed[:4])
	if err != nil {
		return c, invalid
	}
	copy(c.Order[:], plain)
	copy(c.Reader[:], plain[16:])
	copy(c.Nonce[:], plain[32:])
	copy(c.URL[:], plain[48:])
	c.Expires = int64(binary.BigEndian.Uint64(plain[64:]))
	if now.UnixMilli() >= c.Expires {
		return c, token.New(token.Gone, token.CodeTicketExpired, "this ticket is too old; send the reader to the pay_url again for a new one")
	}
	return c, nil
}
