package core

import (
	"math"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/wire"
	"farthing.dev/farthing/token"
)

// AppendSnapshot appends the account's snapshot to b: what journal.Marshal would make of
// it, in a tenth of the time.
func (a *Account) AppendSnapshot(b []byte) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(2+wire.Count(a.Standing != 0, len(a.Wallets) > 0, len(a.Limits) > 0, len(a.Allowances) > 0, len(a.Approvals) > 0, len(a.Debts) > 0, len(a.Balances) > 0, len(a.Sales) > 0, a.Desk != nil)))
	b = wire.AppendBytes(append(b, 1), a.ID[:])
	b = wire.AppendHead(append(b, 2), wire.Uint, a.Seq)
	b = wire.AppendUintField(b, 3, uint64(a.Standing))
	b = appendList(b, 4, a.Wallets, appendWallet)
	b = appendList(b, 5, a.Limits, appendLimit)
	b = appendList(b, 6, a.Allowances, appendAllowance)
	b = appendList(b, 7, a.Approvals, appendApproval)
	b = appendList(b, 8, a.Debts, appendDebt)
	b = appendList(b, 9, a.Balances, appendBalance)
	b = appendList(b, 10, a.Sales, appendTurnover)
	if a.Desk == nil {
		return b
	}
	desk, err := journal.Marshal(a.Desk) // of one account only, and small
	if err != nil {
		panic("core: a plain value cannot be encoded: " + err.Error())
	}
	return append(append(b, 12), desk...)
}

// appendList appends a field with all of a list, unless it is empty.
func appendList[T any](b []byte, field byte, list []T, one func([]byte, *T) []byte) []byte {
	if len(list) == 0 {
		return b
	}
	b = wire.AppendHead(append(b, field), wire.Array, uint64(len(list)))
	for i := range list {
		b = one(b, &list[i])
	}
	return b
}

func appendWallet(b []byte, w *Wallet) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(1+wire.Count(w.Class != token.Class{}, w.Balance != 0, w.Held != 0, w.Credit != 0,
		!w.Issuer.IsZero(), len(w.Vendors) > 0, w.Listed, w.Expiry != 0)))
	b = wire.AppendBytes(append(b, 1), w.Currency[:])
	if (w.Class != token.Class{}) {
		b = journal.AppendClass(append(b, 2), w.Class)
	}
	b = wire.AppendIntField(b, 3, int64(w.Balance))
	b = wire.AppendIntField(b, 4, int64(w.Held))
	b = wire.AppendIntField(b, 5, int64(w.Credit))
	b = wire.AppendIDField(b, 6, w.Issuer)
	b = appendList(b, 7, w.Vendors, func(b []byte, id *token.VendorID) []byte { return wire.AppendBytes(b, id[:]) })
	if w.Listed {
		b = append(b, 8, wire.True)
	}
	return wire.AppendIntField(b, 9, w.Expiry)
}

func appendLimit(b []byte, l *limit.Limit) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(3+wire.Count(!l.User.IsZero(), !l.Vendor.IsZero(), l.Max != 0, l.Counter != limit.Counter{})))
	b = wire.AppendBytes(append(b, 1), l.ID[:])
	b = wire.AppendIDField(b, 2, l.User)
	b = wire.AppendIDField(b, 3, l.Vendor)
	b = wire.AppendBytes(append(b, 4), l.Currency[:])
	b = wire.AppendHead(append(b, 5), wire.Uint, uint64(l.Period))
	b = wire.AppendIntField(b, 6, int64(l.Max))
	return appendCounter(b, 7, &l.Counter)
}

func appendAllowance(b []byte, p *limit.Allowance) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(8+wire.Count(p.Counter != limit.Counter{})))
	b = wire.AppendBytes(append(b, 1), p.ID[:])
	b = wire.AppendBytes(append(b, 2), p.User[:])
	b = wire.AppendBytes(append(b, 3), p.Vendor[:])
	b = wire.AppendBytes(append(b, 4), p.Currency[:])
	b = wire.AppendInt(append(b, 5), int64(p.PerPurchase))
	b = wire.AppendHead(append(b, 6), wire.Uint, uint64(p.Period))
	b = wire.AppendInt(append(b, 7), int64(p.Max))
	b = wire.AppendInt(append(b, 8), p.Until)
	return appendCounter(b, 9, &p.Counter)
}

func appendApproval(b []byte, p *limit.Approval) []byte {
	b = wire.AppendHead(b, wire.Map, 3)
	b = wire.AppendBytes(append(b, 1), p.User[:])
	b = wire.AppendBytes(append(b, 2), p.Currency[:])
	return wire.AppendInt(append(b, 3), int64(p.Max))
}

func appendDebt(b []byte, d *Debt) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(1+wire.Count(d.Owed != 0, d.Max != 0, d.Bounded)))
	b = wire.AppendBytes(append(b, 1), d.Currency[:])
	b = wire.AppendIntField(b, 2, int64(d.Owed))
	b = wire.AppendIntField(b, 3, int64(d.Max))
	if d.Bounded {
		b = append(b, 4, wire.True)
	}
	return b
}

func appendBalance(b []byte, l *Balance) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(2+wire.Count(l.Class != token.Class{}, l.Amount != 0)))
	b = wire.AppendHead(append(b, 1), wire.Uint, uint64(l.Code))
	b = wire.AppendBytes(append(b, 2), l.Currency[:])
	if (l.Class != token.Class{}) {
		b = journal.AppendClass(append(b, 3), l.Class)
	}
	return wire.AppendIntField(b, 4, int64(l.Amount))
}

func appendTurnover(b []byte, t *Turnover) []byte {
	b = wire.AppendHead(b, wire.Map, uint64(1+wire.Count(t.Sold != 0, t.Sales != 0, t.Refunded != 0, t.Refunds != 0)))
	b = wire.AppendBytes(append(b, 1), t.Currency[:])
	b = wire.AppendIntField(b, 2, int64(t.Sold))
	b = wire.AppendIntField(b, 3, t.Sales)
	b = wire.AppendIntField(b, 4, int64(t.Refunded))
	return wire.AppendIntField(b, 5, t.Refunds)
}

// appendCounter appends a field with a counter, unless that is zero.
func appendCounter(b []byte, field byte, c *limit.Counter) []byte {
	if (*c == limit.Counter{}) {
		return b
	}
	b = wire.AppendHead(append(b, field), wire.Map, uint64(wire.Count(c.Start != 0, c.End != 0, c.Spent != 0)))
	b = wire.AppendIntField(b, 1, c.Start)
	b = wire.AppendIntField(b, 2, c.End)
	return wire.AppendIntField(b, 3, int64(c.Spent))
}

// ReadSnapshot reads a snapshot into an empty account.
func (a *Account) ReadSnapshot(b []byte) error {
	r := snapshotReader{wire.Reader{Rest: b}}
	if r.account(a); !r.Failed && len(r.Rest) == 0 {
		return nil
	}
	*a = Account{} // with a desk, or written by a version that knew more: the library knows the fields of this one
	return journal.Unmarshal(b, a)
}

// snapshotReader takes what AppendSnapshot writes apart.
type snapshotReader struct{ wire.Reader }

func (r *snapshotReader) account(a *Account) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			r.ID((*[16]byte)(&a.ID))
		case 2:
			a.Seq = r.Uint(math.MaxUint64)
		case 3:
			a.Standing = journal.Standing(r.Uint(math.MaxUint8))
		case 4:
			a.Wallets = make([]Wallet, r.Size(wire.Array))
			for i := range a.Wallets {
				r.wallet(&a.Wallets[i])
			}
		case 5:
			a.Limits = make([]limit.Limit, r.Size(wire.Array))
			for i := range a.Limits {
				r.limit(&a.Limits[i])
			}
		case 6:
			a.Allowances = make([]limit.Allowance, r.Size(wire.Array))
			for i := range a.Allowances {
				r.allowance(&a.Allowances[i])
			}
		case 7:
			a.Approvals = make([]limit.Approval, r.Size(wire.Array))
			for i := range a.Approvals {
				r.approval(&a.Approvals[i])
			}
		case 8:
			a.Debts = make([]Debt, r.Size(wire.Array))
			for i := range a.Debts {
				r.debt(&a.Debts[i])
			}
		case 9:
			a.Balances = make([]Balance, r.Size(wire.Array))
			for i := range a.Balances {
				r.balance(&a.Balances[i])
			}
		case 10:
			a.Sales = make([]Turnover, r.Size(wire.Array))
			for i := range a.Sales {
				r.turnover(&a.Sales[i])
			}
		default:
			r.Failed = true
		}
		if r.Failed {
			return
		}
	}
}

func (r *snapshotReader) wallet(w *Wallet) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			r.Bytes(w.Currency[:])
		case 2:
			journal.ReadClass(&r.Reader, &w.Class)
		case 3:
			w.Balance = token.Amount(r.Int())
		case 4:
			w.Held = token.Amount(r.Int())
		case 5:
			w.Credit = token.Amount(r.Int())
		case 6:
			r.ID((*[16]byte)(&w.Issuer))
		case 7:
			w.Vendors = make([]token.VendorID, r.Size(wire.Array))
			for i := range w.Vendors {
				r.ID((*[16]byte)(&w.Vendors[i]))
			}
		case 8:
			w.Listed = r.Truth()
		case 9:
			w.Expiry = r.Int()
		default:
			r.Failed = true
		}
		if r.Failed {
			return
		}
	}
}

func (r *snapshotReader) limit(l *limit.Limit) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			r.ID((*[16]byte)(&l.ID))
		case 2:
			r.ID((*[16]byte)(&l.User))
		case 3:
			r.ID((*[16]byte)(&l.Vendor))
		case 4:
			r.Bytes(l.Currency[:])
		case 5:
			l.Period = limit.Period(r.Uint(math.MaxUint8))
		case 6:
			l.Max = token.Amount(r.Int())
		case 7:
			r.counter(&l.Counter)
		default:
			r.Failed = true
		}
		if r.Failed {
			return
		}
	}
}

func (r *snapshotReader) allowance(p *limit.Allowance) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			r.ID((*[16]byte)(&p.ID))
		case 2:
			r.ID((*[16]byte)(&p.User))
		case 3:
			r.ID((*[16]byte)(&p.Vendor))
		case 4:
			r.Bytes(p.Currency[:])
		case 5:
			p.PerPurchase = token.Amount(r.Int())
		case 6:
			p.Period = limit.Period(r.Uint(math.MaxUint8))
		case 7:
			p.Max = token.Amount(r.Int())
		case 8:
			p.Until = r.Int()
		case 9:
			r.counter(&p.Counter)
		default:
			r.Failed = true
		}
		if r.Failed {
			return
		}
	}
}

func (r *snapshotReader) approval(p *limit.Approval) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			r.ID((*[16]byte)(&p.User))
		case 2:
			r.Bytes(p.Currency[:])
		case 3:
			p.Max = token.Amount(r.Int())
		default:
			r.Failed = true
		}
		if r.Failed {
			return
		}
	}
}

func (r *snapshotReader) debt(d *Debt) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			r.Bytes(d.Currency[:])
		case 2:
			d.Owed = token.Amount(r.Int())
		case 3:
			d.Max = token.Amount(r.Int())
		case 4:
			d.Bounded = r.Truth()
		default:
			r.Failed = true
		}
		if r.Failed {
			return
		}
	}
}

func (r *snapshotReader) balance(b *Balance) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			b.Code = ledger.Code(r.Uint(math.MaxUint8))
		case 2:
			r.Bytes(b.Currency[:])
		case 3:
			journal.ReadClass(&r.Reader, &b.Class)
		case 4:
			b.Amount = token.Amount(r.Int())
		default:
			r.Failed = true
		}
		if r.Failed {
			return
		}
	}
}

func (r *snapshotReader) turnover(t *Turnover) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			r.Bytes(t.Currency[:])
		case 2:
			t.Sold = token.Amount(r.Int())
		case 3:
			t.Sales = r.Int()
		case 4:
			t.Refunded = token.Amount(r.Int())
		case 5:
			t.Refunds = r.Int()
		default:
			r.Failed = true
		}
		if r.Failed {
			return
		}
	}
}

func (r *snapshotReader) counter(c *limit.Counter) {
	last := uint64(0)
	for range r.Size(wire.Map) {
		switch r.Field(&last) {
		case 1:
			c.Start = r.Int()
		case 2:
			c.End = r.Int()
		case 3:
			c.Spent = token.Amount(r.Int())
		default:
			r.Failed = true
		}
		if r.Failed {
			return
		}
	}
}
