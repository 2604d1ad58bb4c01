package token

import (
	"bytes"
	"encoding/base32"
)

// ID is a 128-bit identifier of one kind of thing. Its first 48 bits are the
// millisecond of its making, so ids sort by time and new ones are appended at
// the end of an index; 80 random bits follow (the layout of a ULID). Outside, it is written
// with the prefix of its kind and 26 characters of Crockford's base 32, in lower
// case: "ord_01jd…". The kind is part of the type, so the compiler refuses a
// VendorID where a UserID is meant.
type ID[K Kind] [16]byte

// Kind gives an identifier its prefix.
type Kind interface{ Prefix() string }

// The kinds of things that have ids.
type (
	AccountKind   struct{}
	UserKind      struct{}
	VendorKind    struct{}
	SiteKind      struct{}
	PayeeKind     struct{}
	OfferKind     struct{}
	SplitKind     struct{}
	OrderKind     struct{}
	CampaignKind  struct{}
	KeyKind       struct{}
	SessionKind   struct{}
	AllowanceKind struct{}
	LimitKind     struct{}
	EventKind     struct{}
	ReaderKind    struct{}
	ClientKind    struct{}
	GrantKind     struct{}
	DeliveryKind  struct{}
)

// One type per noun: who pays (account, user), who sells (vendor, site, offer,
// split, payee), what happened (order, refund), what is permitted (allowance,
// limit, campaign), and how callers prove who they are (key, session, reader).
type (
	AccountID   = ID[AccountKind]
	UserID      = ID[UserKind]
	VendorID    = ID[VendorKind]
	SiteID      = ID[SiteKind]
	PayeeID     = ID[PayeeKind]
	OfferID     = ID[OfferKind]
	SplitID     = ID[SplitKind]
	OrderID     = ID[OrderKind]
	CampaignID  = ID[CampaignKind]
	KeyID       = ID[KeyKind]
	SessionID   = ID[SessionKind]
	AllowanceID = ID[AllowanceKind]
	LimitID     = ID[LimitKind]
	EventID     = ID[EventKind]    // a line of the security log
	ClientID    = ID[ClientKind]   // a vendor's site that readers log in at
	GrantID     = ID[GrantKind]    // one login of a reader at such a site
	DeliveryID  = ID[DeliveryKind] // something that is sent to others; that of a logout has the bits of its grant
	// ReaderID is the pseudonym under which one vendor knows one user. It says
	// nothing to any other vendor and carries no time.
	ReaderID = ID[ReaderKind]
)

func (AccountKind) Prefix() string   { return "acc" }
func (UserKind) Prefix() string      { return "usr" }
func (VendorKind) Prefix() string    { return "vnd" }
func (SiteKind) Prefix() string      { return "sit" }
func (PayeeKind) Prefix() string     { return "pay" }
func (OfferKind) Prefix() string     { return "off" }
func (SplitKind) Prefix() string     { return "spl" }
func (OrderKind) Prefix() string     { return "ord" }
func (CampaignKind) Prefix() string  { return "cmp" }
func (KeyKind) Prefix() string       { return "key" }
func (SessionKind) Prefix() string   { return "ses" }
func (AllowanceKind) Prefix() string { return "alw" }
func (LimitKind) Prefix() string     { return "lim" }
func (EventKind) Prefix() string     { return "evt" }
func (ReaderKind) Prefix() string    { return "rdr" }
func (ClientKind) Prefix() string    { return "cli" }
func (GrantKind) Prefix() string     { return "grn" }
func (DeliveryKind) Prefix() string  { return "dlv" }

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

var crockford = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// String writes the id with its prefix, or "" for the zero id.
func (id ID[K]) String() string {
	if id.IsZero() {
		return ""
	}
	var buffer [30]byte
	return string(id.appendTo(buffer[:0]))
}

// appendTo appends the written form of an id that is not zero.
func (id ID[K]) appendTo(b []byte) []byte {
	var kind K
	b = append(b, kind.Prefix()...)
	b = append(b, '_')
	return crockford.AppendEncode(b, id[:])
}

// AppendText appends the written form; nothing for the zero id.
func (id ID[K]) AppendText(b []byte) ([]byte, error) {
	if id.IsZero() {
		return b, nil
	}
	return id.appendTo(b), nil
}

// IsZero reports whether the id names nothing.
func (id ID[K]) IsZero() bool { return id == ID[K]{} }

// Compare orders ids by time of making, as bytes.Compare does.
func (id ID[K]) Compare(other ID[K]) int { return bytes.Compare(id[:], other[:]) }

// Millis returns the millisecond since 1970 in which the id was made.
func (id ID[K]) Millis() int64 {
	return int64(id[0])<<40 | int64(id[1])<<32 | int64(id[2])<<24 | int64(id[3])<<16 | int64(id[4])<<8 | int64(id[5])
}

// ParseID reads an id of kind K in its written form.
func ParseID[K Kind](s string) (ID[K], error) { return parseID[K](s) }

func parseID[K Kind, Text string | []byte](s Text) (ID[K], error) {
	var kind K
	prefix := kind.Prefix()
	if len(s) == len(prefix)+27 && string(s[:len(prefix)]) == prefix && s[len(prefix)] == '_' {
		if id, ok := decode(s[len(prefix)+1:]); ok && id != [16]byte{} {
			return id, nil
		}
	}
	return ID[K]{}, notID(string(s), prefix)
}

// digits holds the value of each of Crockford's digits in lower case, and 0xFF for all else.
var digits = func() (values [256]byte) {
	for i := range values {
		values[i] = 0xFF
	}
	for i, c := range []byte(alphabet) {
		values[c] = byte(i)
	}
	return values
}()

// decode is the reverse of crockford's encoding, of text that it can have written: the two
// bits that are left over are zero.
func decode[Text string | []byte](s Text) (id [16]byte, ok bool) {
	var read uint64
	bits, n := 0, 0
	for i := range len(s) {
		digit := digits[s[i]]
		if digit == 0xFF {
			return id, false
		}
		read = read<<5 | uint64(digit)
		if bits += 5; bits >= 8 {
			bits -= 8
			id[n] = byte(read >> bits)
			n++
		}
	}
	return id, read&(1<<bits-1) == 0
}

func notID(s, prefix string) error {
	return Refuse(Malformed, "id_invalid.form", Given("got", s), Word("prefix", prefix))
}

// MarshalText writes the id with its prefix.
func (id ID[K]) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the written form; an empty text is the zero id.
func (id *ID[K]) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID[K]{}
		return nil
	}
	parsed, err := parseID[K](b)
	if err == nil {
		*id = parsed
	}
	return err
}
