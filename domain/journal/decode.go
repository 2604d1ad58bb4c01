package journal

import (
	"math"

	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/domain/wire"
	"farthing.dev/farthing/token"
)

// reader takes what appendEntry writes apart.
type reader struct{ wire.Reader }

// readEntry decodes the first entry of b into e and returns what follows it; false
// means that the library has to do it.
func readEntry(b []byte, e *Entry) ([]byte, bool) {
	r := reader{wire.Reader{Rest: b}}
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			e.Kind = Kind(r.Uint(math.MaxUint8))
		case 2:
			r.ID((*[16]byte)(&e.Order))
		case 3:
			r.ID((*[16]byte)(&e.Account))
		case 4:
			r.ID((*[16]byte)(&e.User))
		case 5:
			r.ID((*[16]byte)(&e.Vendor))
		case 6:
			e.Legs = r.legs()
		case 7:
			r.Exactly(wire.Array, 3)
			r.ID(&e.Key.Scope)
			r.ID(&e.Key.Hash)
			r.Bytes(e.Key.Digest[:])
		case 9:
			e.Sale = r.sale()
		case 11:
			e.View = uint32(r.Uint(math.MaxUint32))
		case 12:
			r.ID((*[16]byte)(&e.By))
		case 21:
			e.First = r.Int()
		default:
			r.Failed = true
		}
		if r.Failed {
			return b, false
		}
	}
	return r.Rest, !r.Failed
}

func (r *reader) legs() []ledger.Leg {
	legs := make([]ledger.Leg, r.Size(wire.Array))
	for i := range legs {
		r.Exactly(wire.Array, 2)
		r.Exactly(wire.Array, 4)
		legs[i].Account.Code = ledger.Code(r.Uint(math.MaxUint8))
		r.ID(&legs[i].Account.Owner)
		r.Bytes(legs[i].Account.Currency[:])
		ReadClass(&r.Reader, &legs[i].Account.Class)
		legs[i].Amount = token.Amount(r.Int())
	}
	return legs
}

// ReadClass reads a class of tokens.
func ReadClass(r *wire.Reader, c *token.Class) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			c.Kind = token.ClassKind(r.Uint(math.MaxUint8))
		case 2:
			r.ID((*[16]byte)(&c.Campaign))
		default:
			r.Failed = true
		}
	}
}

func (r *reader) sale() *Sale {
	s := &Sale{}
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			s.Price = token.Amount(r.Int())
		case 2:
			r.Bytes(s.Currency[:])
		case 3:
			r.consent(&s.Consent)
		case 4:
			s.Sources = r.sources()
		case 5:
			r.rule(&s.Rule)
		case 6:
			s.Net = token.Amount(r.Int())
		case 7:
			s.Fee = token.Amount(r.Int())
		case 8:
			s.Lines = r.lines()
		case 9:
			r.ID((*[16]byte)(&s.Item))
		case 10:
			r.terms(&s.Terms)
		case 11:
			r.ID((*[16]byte)(&s.Offer))
		case 12:
			s.OfferVer = uint32(r.Uint(math.MaxUint32))
		case 13:
			s.Until = r.Int()
		case 14:
			s.Tracking = r.Text()
		case 15:
			s.Test = r.Truth()
		default:
			r.Failed = true
		}
		if r.Failed {
			break
		}
	}
	return s
}

func (r *reader) consent(c *Consent) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			c.Method = ConsentMethod(r.Uint(math.MaxUint8))
		case 2:
			c.Login = r.Int()
		case 3:
			c.Until = r.Int()
		case 4:
			r.ID((*[16]byte)(&c.Allowance))
		default:
			r.Failed = true
		}
	}
}

func (r *reader) sources() []Source {
	sources := make([]Source, r.Size(wire.Array))
	for i := range sources {
		r.Exactly(wire.Array, 3)
		ReadClass(&r.Reader, &sources[i].Class)
		sources[i].Amount = token.Amount(r.Int())
		r.ID((*[16]byte)(&sources[i].Issuer))
	}
	return sources
}

func (r *reader) rule(rule *Rule) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			r.ID((*[16]byte)(&rule.Split))
		case 2:
			rule.Version = uint32(r.Uint(math.MaxUint32))
		case 3:
			r.Exactly(wire.Map, 2)
			r.Name("PPM")
			rule.Fee.PPM = r.Int()
			r.Name("Fixed")
			rule.Fee.Fixed = token.Amount(r.Int())
		default:
			r.Failed = true
		}
	}
}

func (r *reader) lines() []royalty.Line {
	lines := make([]royalty.Line, r.Size(wire.Array))
	for i := range lines {
		r.Exactly(wire.Array, 2)
		r.ID((*[16]byte)(&lines[i].Payee))
		lines[i].Amount = token.Amount(r.Int())
	}
	return lines
}

func (r *reader) terms(t *entitlement.Terms) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			t.Times = uint32(r.Uint(math.MaxUint32))
		case 2:
			t.Hours = uint32(r.Uint(math.MaxUint32))
		case 3:
			t.Days = uint32(r.Uint(math.MaxUint32))
		case 4:
			t.Expiry = r.Int()
		default:
			r.Failed = true
		}
	}
}
