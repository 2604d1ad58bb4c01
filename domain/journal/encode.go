package journal

import (
	"encoding/binary"

	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Entries that carry nothing but a sale are nearly all of the journal, and encoding
// them by reflection costs more than deciding them. So these are encoded and decoded
// by hand as the library does it (but for a key that is not there, which the library
// would write as zeros); everything else is left to the library. Tests hold the two
// against each other.

// The major types of CBOR (RFC 8949, section 3).
const (
	cborUint  = 0 << 5
	cborInt   = 1 << 5
	cborBytes = 2 << 5
	cborText  = 3 << 5
	cborArray = 4 << 5
	cborMap   = 5 << 5
	cborFalse = 0xf4
	cborTrue  = 0xf5
)

// appendEntry appends the encoded entry to b; false means that the entry has parts
// that only the library encodes.
func appendEntry(b []byte, e *Entry) ([]byte, bool) {
	if e.Opened != nil || e.Refund != nil || e.Fund != nil || e.Grant != nil || e.Limit != nil ||
		e.Allowance != nil || e.Approval != nil || e.Credit != nil || e.Standing != 0 || e.Back != nil ||
		(e.Sale != nil && len(e.Sale.Grants) > 0) {
		return b, false
	}
	fields := 1 + count(!e.Order.IsZero(), !e.Account.IsZero(), !e.User.IsZero(), !e.Vendor.IsZero(),
		len(e.Legs) > 0, !e.Key.IsZero(), e.Sale != nil, e.View != 0, !e.By.IsZero())
	b = appendHead(b, cborMap, uint64(fields))
	b = appendHead(append(b, 1), cborUint, uint64(e.Kind))
	b = appendIDField(b, 2, e.Order)
	b = appendIDField(b, 3, e.Account)
	b = appendIDField(b, 4, e.User)
	b = appendIDField(b, 5, e.Vendor)
	if len(e.Legs) > 0 {
		b = appendHead(append(b, 6), cborArray, uint64(len(e.Legs)))
		for i := range e.Legs {
			b = appendLeg(b, &e.Legs[i])
		}
	}
	if !e.Key.IsZero() {
		b = appendHead(append(b, 7), cborArray, 3)
		b = appendBytes(b, e.Key.Scope[:])
		b = appendBytes(b, e.Key.Hash[:])
		b = appendBytes(b, e.Key.Digest[:])
	}
	if e.Sale != nil {
		b = appendSale(append(b, 9), e.Sale)
	}
	if e.View != 0 {
		b = appendHead(append(b, 11), cborUint, uint64(e.View))
	}
	return appendIDField(b, 12, e.By), true
}

func appendLeg(b []byte, l *ledger.Leg) []byte {
	b = appendHead(b, cborArray, 2)
	b = appendHead(b, cborArray, 4)
	b = appendHead(b, cborUint, uint64(l.Account.Code))
	b = appendBytes(b, l.Account.Owner[:])
	b = appendBytes(b, l.Account.Currency[:])
	b = appendClass(b, l.Account.Class)
	return appendInt(b, int64(l.Amount))
}

func appendClass(b []byte, c token.Class) []byte {
	b = appendHead(b, cborMap, uint64(count(c.Kind != 0, !c.Campaign.IsZero())))
	b = appendUintField(b, 1, uint64(c.Kind))
	return appendIDField(b, 2, c.Campaign)
}

func appendSale(b []byte, s *Sale) []byte {
	fields := 3 + count(len(s.Sources) > 0, s.Rule != Rule{}, s.Net != 0, s.Fee != 0, len(s.Lines) > 0, s.Item != ItemHash{},
		s.Terms != entitlement.Terms{}, !s.Offer.IsZero(), s.OfferVer != 0, s.Until != 0, s.Tracking != "", s.Test)
	b = appendHead(b, cborMap, uint64(fields))
	b = appendInt(append(b, 1), int64(s.Price))
	b = appendBytes(append(b, 2), s.Currency[:])
	b = appendConsent(append(b, 3), &s.Consent)
	if len(s.Sources) > 0 {
		b = appendHead(append(b, 4), cborArray, uint64(len(s.Sources)))
		for i := range s.Sources {
			b = appendHead(b, cborArray, 3)
			b = appendClass(b, s.Sources[i].Class)
			b = appendInt(b, int64(s.Sources[i].Amount))
			b = appendBytes(b, s.Sources[i].Issuer[:])
		}
	}
	if (s.Rule != Rule{}) {
		b = appendRule(append(b, 5), &s.Rule)
	}
	b = appendIntField(b, 6, int64(s.Net))
	b = appendIntField(b, 7, int64(s.Fee))
	if len(s.Lines) > 0 {
		b = appendLines(append(b, 8), s.Lines)
	}
	if s.Item != (ItemHash{}) {
		b = appendBytes(append(b, 9), s.Item[:])
	}
	if (s.Terms != entitlement.Terms{}) {
		b = appendTerms(append(b, 10), &s.Terms)
	}
	b = appendIDField(b, 11, s.Offer)
	b = appendUintField(b, 12, uint64(s.OfferVer))
	b = appendIntField(b, 13, s.Until)
	if s.Tracking != "" {
		b = appendText(append(b, 14), s.Tracking)
	}
	if s.Test {
		b = append(b, 15, cborTrue)
	}
	return b
}

func appendConsent(b []byte, c *Consent) []byte {
	b = appendHead(b, cborMap, uint64(1+count(c.Login != 0, c.Until != 0, !c.Allowance.IsZero())))
	b = appendHead(append(b, 1), cborUint, uint64(c.Method))
	b = appendIntField(b, 2, c.Login)
	b = appendIntField(b, 3, c.Until)
	return appendIDField(b, 4, c.Allowance)
}

func appendRule(b []byte, r *Rule) []byte {
	b = appendHead(b, cborMap, uint64(count(!r.Split.IsZero(), r.Version != 0, r.Fee != royalty.FeeRule{})))
	b = appendIDField(b, 1, r.Split)
	b = appendUintField(b, 2, uint64(r.Version))
	if (r.Fee == royalty.FeeRule{}) {
		return b
	}
	b = appendHead(append(b, 3), cborMap, 2)
	b = appendInt(appendText(b, "PPM"), r.Fee.PPM)
	return appendInt(appendText(b, "Fixed"), int64(r.Fee.Fixed))
}

func appendLines(b []byte, lines []royalty.Line) []byte {
	b = appendHead(b, cborArray, uint64(len(lines)))
	for i := range lines {
		b = appendHead(b, cborArray, 2)
		b = appendBytes(b, lines[i].Payee[:])
		b = appendInt(b, int64(lines[i].Amount))
	}
	return b
}

func appendTerms(b []byte, t *entitlement.Terms) []byte {
	b = appendHead(b, cborMap, uint64(count(t.Times != 0, t.Hours != 0, t.Days != 0, t.Expiry != 0)))
	b = appendUintField(b, 1, uint64(t.Times))
	b = appendUintField(b, 2, uint64(t.Hours))
	b = appendUintField(b, 3, uint64(t.Days))
	return appendIntField(b, 4, t.Expiry)
}

// count returns how many of the parts are there.
func count(there ...bool) int {
	n := 0
	for _, is := range there {
		if is {
			n++
		}
	}
	return n
}

// appendIDField appends a field of a map, unless the id is zero.
func appendIDField(b []byte, field byte, id [16]byte) []byte {
	if id == [16]byte{} {
		return b
	}
	return append(append(b, field, cborBytes|16), id[:]...)
}

func appendUintField(b []byte, field byte, value uint64) []byte {
	if value == 0 {
		return b
	}
	return appendHead(append(b, field), cborUint, value)
}

func appendIntField(b []byte, field byte, value int64) []byte {
	if value == 0 {
		return b
	}
	return appendInt(append(b, field), value)
}

func appendInt(b []byte, value int64) []byte {
	if value < 0 {
		return appendHead(b, cborInt, uint64(-(value + 1)))
	}
	return appendHead(b, cborUint, uint64(value))
}

func appendBytes(b, value []byte) []byte {
	return append(appendHead(b, cborBytes, uint64(len(value))), value...)
}

func appendText(b []byte, value string) []byte {
	return append(appendHead(b, cborText, uint64(len(value))), value...)
}

// appendHead appends the head of an item in its shortest form.
func appendHead(b []byte, major byte, value uint64) []byte {
	switch {
	case value < 24:
		return append(b, major|byte(value))
	case value <= 0xff:
		return append(b, major|24, byte(value))
	case value <= 0xffff:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(value))
	case value <= 0xffffffff:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(value))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), value)
}
