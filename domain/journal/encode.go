package journal

import (
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/domain/wire"
	"farthing.dev/farthing/token"
)

// Entries that carry nothing but a sale are nearly all of the journal, and encoding
// them by reflection costs more than deciding them. So these are encoded and decoded
// by hand as the library does it (but for a key that is not there, which the library
// would write as zeros); everything else is left to the library. Tests hold the two
// against each other.

// appendEntry appends the encoded entry to b; false means that the entry has parts
// that only the library encodes.
func appendEntry(b []byte, e *Entry) ([]byte, bool) {
	if e.Opened != nil || e.Refund != nil || e.Fund != nil || e.Grant != nil || e.Limit != nil ||
		e.Allowance != nil || e.Approval != nil || e.Credit != nil || e.Standing != 0 || e.Back != nil || e.Bound != nil || e.Parts != nil ||
		(e.Sale != nil && len(e.Sale.Grants) > 0) {
		return b, false
	}
	fields := 1 + wire.Count(!e.Order.IsZero(), !e.Account.IsZero(), !e.User.IsZero(), !e.Vendor.IsZero(),
		len(e.Legs) > 0, !e.Key.IsZero(), e.Sale != nil, e.View != 0, !e.By.IsZero(), e.First != 0)
	b = wire.AppendHead(b, wire.Map, uint64(fields))
	b = wire.AppendHead(append(b, 1), wire.Uint, uint64(e.Kind))
	b = wire.AppendIDField(b, 2, e.Order)
	b = wire.AppendIDField(b, 3, e.Account)
	b = wire.AppendIDField(b, 4, e.User)
	b = wire.AppendIDField(b, 5, e.Vendor)
	if len(e.Legs) > 0 {
		b = wire.AppendHead(append(b, 6), wire.Array, uint64(len(e.Legs)))
		for i := range e.Legs {
			b = appendLeg(b, &e.Legs[i])
		}
	}
	if !e.Key.IsZero() {
		b = wire.AppendHead(append(b, 7), wire.Array, 3)
		b = wire.AppendBytes(b, e.Key.Scope[:])
		b = wire.AppendBytes(b, e.Key.Hash[:])
		b = wire.AppendBytes(b, e.Key.Digest[:])
	}
	if e.Sale != nil {
		b = appendSale(append(b, 9), e.Sale)
	}
	if e.View != 0 {
		b = wire.AppendHead(append(b, 11), wire.Uint, uint64(e.View))
	}
	b = wire.AppendIDField(b, 12, e.By)
	return wire.AppendIntField(b, 21, e.First), true
}

func appendLeg(b []byte, l *ledger.Leg) []byte {
	b = wire.AppendHead(b, wire.Array, 2)
	b = wire.AppendHead(b, wire.Array, 4)
	b = wire.AppendHead(b, wire.Uint, uint64(l.Account.Code))
	b = wire.AppendBytes(b, l.Account.Owner[:])
	b = wire.AppendBytes(b, l.Account.Currency[:])
	b = AppendClass(b, l.Account.Class)
	return wire.AppendInt(b, int64(l.Amount))
}

// AppendClass appends a class of tokens.
func AppendClass(b []byte, c token.Class) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(wire.Count(c.Kind != 0, !c.Campaign.IsZero())))
	b = wire.AppendUintField(b, 1, uint64(c.Kind))
	return wire.AppendIDField(b, 2, c.Campaign)
}

func appendSale(b []byte, s *Sale) []byte {
	fields := 3 + wire.Count(len(s.Sources) > 0, s.Rule != Rule{}, s.Net != 0, s.Fee != 0, len(s.Lines) > 0, s.Item != ItemHash{},
		s.Terms != entitlement.Terms{}, !s.Offer.IsZero(), s.OfferVer != 0, s.Until != 0, s.Tracking != "", s.Test)
	b = wire.AppendHead(b, wire.Map, uint64(fields))
	b = wire.AppendInt(append(b, 1), int64(s.Price))
	b = wire.AppendBytes(append(b, 2), s.Currency[:])
	b = appendConsent(append(b, 3), &s.Consent)
	if len(s.Sources) > 0 {
		b = wire.AppendHead(append(b, 4), wire.Array, uint64(len(s.Sources)))
		for i := range s.Sources {
			b = wire.AppendHead(b, wire.Array, 3)
			b = AppendClass(b, s.Sources[i].Class)
			b = wire.AppendInt(b, int64(s.Sources[i].Amount))
			b = wire.AppendBytes(b, s.Sources[i].Issuer[:])
		}
	}
	if (s.Rule != Rule{}) {
		b = appendRule(append(b, 5), &s.Rule)
	}
	b = wire.AppendIntField(b, 6, int64(s.Net))
	b = wire.AppendIntField(b, 7, int64(s.Fee))
	if len(s.Lines) > 0 {
		b = appendLines(append(b, 8), s.Lines)
	}
	if s.Item != (ItemHash{}) {
		b = wire.AppendBytes(append(b, 9), s.Item[:])
	}
	if (s.Terms != entitlement.Terms{}) {
		b = appendTerms(append(b, 10), &s.Terms)
	}
	b = wire.AppendIDField(b, 11, s.Offer)
	b = wire.AppendUintField(b, 12, uint64(s.OfferVer))
	b = wire.AppendIntField(b, 13, s.Until)
	if s.Tracking != "" {
		b = wire.AppendText(append(b, 14), s.Tracking)
	}
	if s.Test {
		b = append(b, 15, wire.True)
	}
	return b
}

func appendConsent(b []byte, c *Consent) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(1+wire.Count(c.Login != 0, c.Until != 0, !c.Allowance.IsZero())))
	b = wire.AppendHead(append(b, 1), wire.Uint, uint64(c.Method))
	b = wire.AppendIntField(b, 2, c.Login)
	b = wire.AppendIntField(b, 3, c.Until)
	return wire.AppendIDField(b, 4, c.Allowance)
}

func appendRule(b []byte, r *Rule) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(wire.Count(!r.Split.IsZero(), r.Version != 0, r.Fee != royalty.FeeRule{})))
	b = wire.AppendIDField(b, 1, r.Split)
	b = wire.AppendUintField(b, 2, uint64(r.Version))
	if (r.Fee == royalty.FeeRule{}) {
		return b
	}
	b = wire.AppendHead(append(b, 3), wire.Map, 2)
	b = wire.AppendInt(wire.AppendText(b, "PPM"), r.Fee.PPM)
	return wire.AppendInt(wire.AppendText(b, "Fixed"), int64(r.Fee.Fixed))
}

func appendLines(b []byte, lines []royalty.Line) []byte {
	b = wire.AppendHead(b, wire.Array, uint64(len(lines)))
	for i := range lines {
		b = wire.AppendHead(b, wire.Array, 2)
		b = wire.AppendBytes(b, lines[i].Payee[:])
		b = wire.AppendInt(b, int64(lines[i].Amount))
	}
	return b
}

func appendTerms(b []byte, t *entitlement.Terms) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(wire.Count(t.Times != 0, t.Hours != 0, t.Days != 0, t.Expiry != 0)))
	b = wire.AppendUintField(b, 1, uint64(t.Times))
	b = wire.AppendUintField(b, 2, uint64(t.Hours))
	b = wire.AppendUintField(b, 3, uint64(t.Days))
	return wire.AppendIntField(b, 4, t.Expiry)
}
