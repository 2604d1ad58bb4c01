package audit

import (
	"encoding/binary"

	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Rules looks up one version of a split.
type Rules func(split token.SplitID, version uint32) (royalty.Split, bool)

// Auditor folds a journal. It is not safe for concurrent use.
type Auditor struct {
	rules    Rules
	report   Report
	head     journal.Head
	accounts map[token.AccountID]*account
	orders   orders
	keys     map[uint64]struct{}
	receipts map[[2]string]bool
	received map[token.Currency]int64
	flows    map[issue]*flow
	books    map[ledger.Account]int64
	owners   owners

	debts     debts
	desk      desk
	lookUp    Offers
	offers    map[offerName]*known
	owned     map[uint64]uint32 // by account, vendor and item: the order
	holdsOpen int64
	storedTo  uint64
	*shared
	expected, actual sheet // used again for each entry
	wasted           account
	seq              uint64 // of the entry that is looked at

	resumed *resumed // nil where it began with the first block
}

// New returns an Auditor of a journal from its first block on.
func New(rules Rules) *Auditor {
	return &Auditor{
		rules: rules, report: NewReport(),
		accounts: map[token.AccountID]*account{},
		orders:   orders{byID: map[token.OrderID]uint32{}},
		keys:     map[uint64]struct{}{},
		receipts: map[[2]string]bool{},
		received: map[token.Currency]int64{},
		flows:    map[issue]*flow{},
		books:    map[ledger.Account]int64{},
		owners:   owners{of: map[[16]byte]*owner{}},
		offers:   map[offerName]*known{},
		owned:    map[uint64]uint32{},
		desk:     desk{waiting: map[uint64]*request{}},
		debts:    debts{of: map[token.AccountID][]*debt{}},
		shared: &shared{ids: newTable[[16]byte](), ruleTable: newTable[journal.Rule](),
			termsTable: newTable[entitlement.Terms](), splits: map[uint32]royalty.Split{}},
	}
}

// Block audits the next block.
func (a *Auditor) Block(b *journal.Block) {
	a.fold(decode(b))
}

// Proved audits the next block, of which somebody else computed that its hash is right, and decoded
// the entries.
func (a *Auditor) Proved(b *journal.Block, entries []*journal.Entry) {
	a.fold(decoded{block: b, sum: b.Hash, entries: entries})
}

// fold checks the chain and then every entry of a block.
func (a *Auditor) fold(d decoded) {
	b := d.block
	a.seq = b.First
	a.report.Blocks++
	a.report.Checked(ChainWhole, 1)
	a.report.Checked(SequenceWhole, 1)
	if b.Prev != a.head.Hash {
		a.report.Fault(ChainWhole, "block %d does not follow the block before it", b.First)
	}
	if d.sum != b.Hash {
		a.report.Fault(ChainWhole, "block %d is not what was sealed: its hash is another", b.First)
	}
	if b.First != a.head.Seq+1 || b.Count < 1 {
		a.report.Fault(SequenceWhole, "block %d of %d entries follows entry %d", b.First, b.Count, a.head.Seq)
	}
	if b.At < a.head.At {
		a.report.Fault(SequenceWhole, "block %d lies before the block ahead of it", b.First)
	}
	if d.err != nil {
		a.report.Fault(SequenceWhole, "block %d cannot be read: %v", b.First, d.err)
	}
	a.notice()
	for _, e := range d.entries {
		a.entry(e)
		a.notice()
	}
	a.head = b.Head()
}

// entry checks one entry and folds it in.
func (a *Auditor) entry(e *journal.Entry) {
	a.report.Entries++
	a.seq = e.Seq
	a.balanced(e)
	a.key(e)
	acc := &a.wasted
	if !e.Account.IsZero() {
		acc = a.account(e.Account)
		a.fresh(e, e.Account, acc)
		a.reach(acc, e.Seq)
	}
	loud := a.judge(e, acc)
	if e.Grant != nil || e.Back != nil {
		a.arrive(e, acc)
	}
	if e.Kind == journal.Transferred {
		a.receives(e)
	}
	a.meetOwners(e)
	a.post(e)
	a.countSale(e)
	a.secondPerson(e)
	switch e.Kind {
	case journal.OrderOpened:
		a.opened(e)
	case journal.Purchased:
		a.bought(e, acc)
		if e.Sale != nil {
			a.redeemed(e.Sale.Currency, e.Sale.Sources, e.Sale.Price, 1)
		}
		a.solvent(e, acc)
	case journal.HoldPlaced:
		a.bought(e, acc)
		a.solvent(e, acc)
	case journal.Captured:
		a.captured(e, acc)
		if e.Sale != nil {
			a.redeemed(e.Sale.Currency, e.Sale.Sources, e.Sale.Price, 1)
		}
	case journal.Released, journal.HoldExpired:
		a.released(e, acc)
	case journal.Refunded:
		a.refunded(e, acc)
		a.cameBack(e)
	case journal.Viewed:
		a.viewed(e)
	case journal.Covered:
		a.covers(e)
	case journal.Funded:
		a.funded(e)
	case journal.Granted, journal.Lapsed:
		a.granted(e, acc)
	case journal.Transferred:
		a.transferred(e, acc)
	case journal.IncentiveBound:
		a.boundSet(e)
	case journal.LimitSet, journal.LimitRemoved, journal.AllowanceGranted, journal.AllowanceRevoked,
		journal.ApprovalSet, journal.CreditSet, journal.StandingSet:
		a.permission(e, acc)
	case journal.ApprovalAsked, journal.ApprovalGiven, journal.ApprovalRefused, journal.ApprovalLapsed, journal.PolicySet: // see secondPerson
	default:
		a.report.Fault(SequenceWhole, "entry %d is of a kind %d that nobody knows", e.Seq, e.Kind)
	}
	loud()
	a.legless(e)
	a.settle(e)
}

// key checks that no idempotency key made two entries. Of ten million keys, 64 bits
// of hash confuse two once in 370,000 audits.
func (a *Auditor) key(e *journal.Entry) {
	if e.Key.IsZero() {
		return
	}
	a.report.Checked(OneDebit, 1)
	mixed := binary.BigEndian.Uint64(e.Key.Hash[:8]) ^ (binary.BigEndian.Uint64(e.Key.Scope[8:]) * 0x9E3779B97F4A7C15)
	if _, used := a.keys[mixed]; used || a.usedBefore(mixed) {
		a.report.Fault(OneDebit, "entry %d was made under an idempotency key that was used before", e.Seq)
	}
	a.keys[mixed] = struct{}{}
}

// cameBack counts refunded tokens as not redeemed, by the legs that brought them.
func (a *Auditor) cameBack(e *journal.Entry) {
	for i := range e.Legs {
		if leg := &e.Legs[i]; leg.Account.Code == ledger.Wallet {
			a.flow(leg.Account.Currency, leg.Account.Class).redeemed -= int64(leg.Amount)
		}
	}
}

// solvent checks the wallets that an entry took from.
func (a *Auditor) solvent(e *journal.Entry, acc *account) {
	for i := range e.Legs {
		leg := &e.Legs[i]
		if leg.Account.Code != ledger.Wallet || leg.Amount >= 0 {
			continue
		}
		a.report.Checked(CreditLines, 1)
		w := a.account(token.AccountID(leg.Account.Owner)).wallet(leg.Account.Currency, leg.Account.Class)
		if w.balance < -w.credit || w.held < 0 {
			a.report.Fault(CreditLines, "entry %d leaves %d %s in a wallet of account %s, below its credit line of %d", e.Seq, w.balance, leg.Account.Currency, e.Account, w.credit)
		}
	}
}

// Report finishes the audit: it compares what only the end can tell.
func (a *Auditor) Report() Report {
	a.stored()
	a.outstanding()
	a.holds()
	a.waiting()
	a.report.Head = a.head
	return a.report
}
