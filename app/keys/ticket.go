package keys

import (
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// TicketLife is how long the way back from the provider to the vendor may take.
const TicketLife = 120 * time.Second

// Claims are what a ticket says: who may open what, once, and where it was sent to.
type Claims struct {
	Order   token.OrderID
	Reader  token.ReaderID
	Nonce   [16]byte
	URL     [16]byte // the first half of SHA-256 of the return URL
	Expires int64
}

const claimsLength = 16 + 16 + 16 + 16 + 8

// A ticket is 4 bytes of epoch, 12 of nonce, the claims, and 16 by which a change is
// noticed (AES-256-GCM).
const (
	ticketHead   = 4 + 12
	ticketLength = ticketHead + claimsLength + 16
)

// What is wrong with a ticket.
var (
	errTicketInvalid = token.Refuse(token.Forbidden, "ticket_invalid.ticket")
	errTicketExpired = token.Refuse(token.Gone, "ticket_expired.ticket")
)

// MaxSession bounds what a vendor may name a browser's session, in characters.
const MaxSession = 200

// MarkSession is what the journal keeps of a browser's session at a vendor.
func MarkSession(vendor token.VendorID, session string) journal.SessionMark {
	sum := sha256.Sum256(append([]byte("session "), append(vendor[:], session...)...))
	return journal.SessionMark(sum[:16])
}

func HashURL(url string) [16]byte {
	sum := sha256.Sum256([]byte(url))
	return [16]byte(sum[:16])
}

// SealTicket writes a ticket: the epoch of its key, a nonce, and the claims encrypted under
// the vendor's key of that epoch.
func (a *Keys) SealTicket(ctx context.Context, vendor token.VendorID, c Claims) (string, error) {
	if err := a.tickets.ready(ctx); err != nil {
		return "", err
	}
	epoch := a.tickets.now()
	out := binary.BigEndian.AppendUint32(make([]byte, 0, ticketLength), uint32(epoch))
	out = out[:ticketHead]
	if err := a.random.Fill(out[4:]); err != nil {
		return "", err
	}
	plain := make([]byte, 0, claimsLength)
	plain = append(plain, c.Order[:]...)
	plain = append(plain, c.Reader[:]...)
	plain = append(plain, c.Nonce[:]...)
	plain = append(plain, c.URL[:]...)
	plain = binary.BigEndian.AppendUint64(plain, uint64(c.Expires))
	var sealed []byte
	done, err := a.tickets.use(epoch, vendor, func(key cipher.AEAD) bool {
		sealed = key.Seal(out, out[4:], plain, out[:4])
		return true
	})
	if err == nil && !done { // the epoch ended in between, after a long pause
		err = token.Refuse(token.Unavailable, "unavailable.way_back")
	}
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// OpenTicket reads a ticket, if it was made for this vendor, its key is not destroyed yet,
// and it is in time.
func (a *Keys) OpenTicket(ctx context.Context, vendor token.VendorID, ticket string) (Claims, error) {
	var c Claims
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(sealed) != ticketLength {
		return c, errTicketInvalid
	}
	epoch, now := keyring.Epoch(binary.BigEndian.Uint32(sealed)), a.tickets.now()
	if epoch < now.Oldest() || epoch > now+1 { // a replica's clock may be a little ahead
		return c, errTicketExpired
	}
	plain, err := a.decrypt(ctx, epoch, vendor, sealed)
	if err != nil {
		return c, err
	}
	copy(c.Order[:], plain)
	copy(c.Reader[:], plain[16:])
	copy(c.Nonce[:], plain[32:])
	copy(c.URL[:], plain[48:])
	c.Expires = int64(binary.BigEndian.Uint64(plain[64:]))
	if a.clock.Now().UnixMilli() >= c.Expires {
		return c, errTicketExpired
	}
	return c, nil
}

// decrypt decrypts a ticket by whichever key of its epoch sealed it. Where none does, it
// looks whether another replica has made one.
func (a *Keys) decrypt(ctx context.Context, epoch keyring.Epoch, vendor token.VendorID, sealed []byte) (plain []byte, err error) {
	try := func(key cipher.AEAD) bool {
		var wrong error
		plain, wrong = key.Open(nil, sealed[4:ticketHead], sealed[ticketHead:], sealed[:4])
		return wrong == nil
	}
	if !a.tickets.has(epoch) { // the first one here
		if err := a.tickets.turn(ctx, a.tickets.now()); err != nil {
			return nil, err
		}
	}
	done, err := a.tickets.use(epoch, vendor, try)
	if done || err != nil {
		return plain, err
	}
	again, err := a.tickets.look(ctx)
	if err != nil {
		return nil, err
	}
	if again {
		if done, err = a.tickets.use(epoch, vendor, try); done || err != nil {
			return plain, err
		}
	}
	switch {
	case !a.tickets.restored():
		return nil, token.Refuse(token.Unavailable, "unavailable.tickets_rebuilt")
	case !a.tickets.has(epoch):
		return nil, errTicketExpired
	}
	return nil, errTicketInvalid
}

// CanSeal makes sure that a ticket can be sealed now.
func (a *Keys) CanSeal(ctx context.Context) error { return a.tickets.ready(ctx) }
