package sim

import (
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// staff is somebody of the provider's: of a dozen people, in any role, now and then by a key, or
// as a command on the machine.
func (w *World) staff() journal.Staff {
	n := byte(w.random.IntN(12))
	s := journal.Staff{User: token.UserID{0xff, n}, Role: journal.Role(1 + n%3)}
	switch w.random.IntN(10) {
	case 0:
		s.Key = token.KeyID{n}
	case 1:
		s = journal.Staff{Role: journal.Operator}
	}
	return s
}

// instruct has staff ask for something, or do it at once, and others decide about it: some in
// time, some too late, some about something else than was asked.
func (w *World) instruct(p person) {
	c := &core.Instruct{By: w.staff(), Why: "because", LapsesAt: w.now + 1 + w.random.Int64N(2*24*3_600_000), Key: w.key([16]byte{2})}
	i, currency := &c.Instruction, pick(w, currencies())
	i.Account = p.account
	switch w.random.IntN(7) {
	case 0, 1:
		i.Fund = &journal.Fund{Amount: token.Amount(1 + w.random.Int64N(50_000_000)), Currency: currency, Method: journal.ByOperator, Reference: newID[token.OrderKind](w).String()}
	case 2:
		v := pick(w, w.vendors)
		i.Grant = &journal.Grant{Campaign: v.campaigns[1], Amount: token.Amount(1 + w.random.Int64N(500_000)), Currency: currency}
		i.Key = w.key(p.account)
	case 3:
		i.Account = token.AccountID{}
		i.Vendor = pick(w, w.vendors).id
		i.Bound = &journal.Bound{Currency: currency, Max: token.Amount(w.random.Int64N(400)) * token.PerUnit}
	case 4:
		i.Credit = &journal.Credit{Currency: currency, Line: token.Amount(w.random.Int64N(3)) * token.PerUnit}
	case 5:
		standing := journal.Standing(w.random.IntN(2))
		i.Standing = &standing
		if standing == journal.Frozen {
			good := journal.GoodStanding
			w.after(3_600_000, func() {
				w.do(&core.Instruct{By: journal.Staff{User: token.UserID{0xff, 2}, Role: journal.Operator}, LapsesAt: w.now + 3_600_000,
					Instruction: journal.Instruction{Account: p.account, Standing: &good}}, w.asked)
			})
		}
	default:
		i.Account = token.AccountID{}
		actions := journal.Actions()
		row := &journal.Policy{Action: actions[w.random.IntN(len(actions)-1)]}
		if row.Action < journal.Freeze && w.chance(50) {
			row.Currency = currency
		}
		if w.chance(60) {
			row.Needs = journal.Needs{Persons: uint8(1 + w.random.IntN(2)), Role: journal.Role(2 + w.random.IntN(2))}
			if row.Action < journal.Freeze {
				row.Above = token.Amount(w.random.Int64N(30)) * token.PerUnit
			}
		}
		i.Policy = row
	}
	w.twice(c, w.asked)
}

// asked has others decide about a request, and lets it lapse in the end.
func (w *World) asked(out core.Outcome, err error) {
	if err != nil || out.Entry == nil || out.Entry.Kind != journal.ApprovalAsked {
		return
	}
	request, asked := out.Entry.Seq, out.Entry.Asked()
	for range 1 + w.random.IntN(4) {
		w.after(w.random.Int64N(3*24*3_600_000), func() {
			by := w.staff()
			if w.chance(15) {
				w.twice(&core.Refuse{Request: request, By: by}, nil)
				return
			}
			digest := asked.Digest
			if w.chance(3) {
				digest[0]++
			}
			w.twice(&core.Approve{Request: request, By: by, Digest: digest}, nil)
		})
	}
	w.after(max(0, asked.LapsesAt-w.now)+w.random.Int64N(10_000), func() { w.lapseRequest(request) })
}

// lapseRequest closes a request whose time is over, again where a lost commit or a wrong clock
// kept it from that.
func (w *World) lapseRequest(request uint64) {
	w.do(&core.LapseRequest{Request: request}, func(core.Outcome, error) {
		if a := w.accounts[journal.Approvals]; a != nil && a.Desk.Request(request) != nil {
			w.after(60_000, func() { w.lapseRequest(request) })
		}
	})
}
