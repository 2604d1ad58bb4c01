package audit

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"farthing.dev/farthing/domain/journal"
)

// The invariants, by the numbers that reports and docs/invariants.md call them by.
const (
	LegsBalance        = 1
	StoredBalances     = 2
	CreditLines        = 3
	OneDebit           = 4
	Division           = 5
	OneRoyalty         = 6
	Limits             = 7
	Settlements        = 8
	Payouts            = 9
	Reversals          = 10
	TokensOutstanding  = 11
	OutsideMoney       = 12
	OneCurrency        = 13
	HoldsAccounted     = 14
	Entitlements       = 15
	SequenceWhole      = 16
	ChainWhole         = 17
	PseudonymsApart    = 18
	InPurchaseWindow   = 19
	EntriesAreFindable = 20
	IncentiveDebts     = 21
	TokenIssuer        = 22
	TokenExpiry        = 23
	TokenScope         = 24
	OwnedOnce          = 25
	Lapses             = 26
	OrderItem          = 27
	HoldTime           = 28
	StoredTerms        = 29
	OwnerBalances      = 30
	SecondPerson       = 31
	StaffLog           = 32
)

// names are indexed by invariant; zero is none.
func names() [33]string {
	return [33]string{
		"",
		"the legs of every entry sum to zero per currency and class",
		"each stored balance, limit and allowance equals the sum of its entries",
		"no wallet is below minus its credit line after a purchase or hold",
		"a purchase has one debit, one consent and one key, and matches its order",
		"net + fee + royalties = price, as the rule version divides it",
		"one royalty per purchase and payee",
		"spending in every window is within the limits and allowances in force",
		"a settlement equals its royalties; payables equal the unsettled ones",
		"one payout per settlement",
		"reversals never exceed the purchase, and reverse exactly what was posted",
		"tokens outstanding = issued - redeemed - expired, per currency and class",
		"outside money = receipts - payouts; one credit per outside event",
		"no entry crosses currencies",
		"holds = open + captured + released + expired",
		"entitlements: used within terms, one per purchase, revoked by refund",
		"entries are numbered without a gap, and time does not run back",
		"the hash chain is whole",
		"no pseudonym is shared between two vendors",
		"no purchase lies outside its login's purchase window",
		"every entry is found by each of its terms",
		"what a vendor's incentive tokens come to stays within its bound; beyond it they pay for nothing",
		"incentive tokens are paid for by whoever granted them",
		"incentive tokens are spent within their time, those that expire soonest first",
		"incentive tokens pay where, and for what, their grant says",
		"what an account owns is not charged again",
		"what lapses is all that is left of tokens whose time is over, and no more",
		"a sale is for the item, price and terms of its order or offer",
		"no hold outlives its time",
		"stored limits, allowances and approval limits have the terms that their entries gave them",
		"what the ledger owes each owner, and all of them, and what was sold, equal the postings",
		"what staff did that needs a second person was approved by one, as it was shown, and once",
		"the staff log is whole: numbered without a gap, chained, up to its head",
	}
}

// MaxFaults bounds how many faults of one invariant are told; the rest are counted.
const MaxFaults = 20

// Check is what was found about one invariant.
type Check struct {
	Number int      `json:"number"`
	Name   string   `json:"name"`
	Rows   uint64   `json:"rows"`             // how many facts were checked; zero means that there was nothing to check
	Faults []string `json:"faults,omitempty"` // the first MaxFaults
	More   uint64   `json:"more,omitempty"`   // faults beyond those
}

// Report is the result of an audit.
type Report struct {
	Blocks  uint64       `json:"blocks"`
	Entries uint64       `json:"entries"`
	Head    journal.Head `json:"head"`
	Checks  []Check      `json:"checks"`

	broken bool // some invariant is
}

// NewReport returns a report in which nothing was checked yet.
func NewReport() Report {
	all := names()
	r := Report{Checks: make([]Check, len(all)-1)}
	for i := range r.Checks {
		r.Checks[i] = Check{Number: i + 1, Name: all[i+1]}
	}
	return r
}

// Checked counts rows that were checked for an invariant.
func (r *Report) Checked(number int, rows int) { r.Checks[number-1].Rows += uint64(rows) }

// Fault records that an invariant does not hold.
func (r *Report) Fault(number int, format string, args ...any) {
	check := &r.Checks[number-1]
	r.broken = true
	if len(check.Faults) >= MaxFaults {
		check.More++
		return
	}
	check.Faults = append(check.Faults, fmt.Sprintf(format, args...))
}

// Clean reports whether every invariant holds.
func (r *Report) Clean() bool { return len(r.Broken()) == 0 }

// Broken returns the numbers of the invariants that do not hold.
func (r *Report) Broken() []int {
	var broken []int
	for i := range r.Checks {
		if len(r.Checks[i].Faults) > 0 {
			broken = append(broken, r.Checks[i].Number)
		}
	}
	return broken
}

// WriteTo writes the report as a table for people.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "%d entries in %d blocks\n", r.Entries, r.Blocks)
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	for i := range r.Checks {
		c := &r.Checks[i]
		state := "holds"
		switch {
		case len(c.Faults) > 0:
			state = fmt.Sprintf("BROKEN %d times", uint64(len(c.Faults))+c.More)
		case c.Rows == 0:
			state = "nothing to check"
		}
		fmt.Fprintf(table, "%d\t%s\t%d\t%s\n", c.Number, c.Name, c.Rows, state)
	}
	if err := table.Flush(); err != nil {
		return 0, err
	}
	for i := range r.Checks {
		c := &r.Checks[i]
		for _, fault := range c.Faults {
			fmt.Fprintf(&out, "%d: %s\n", c.Number, fault)
		}
		if c.More > 0 {
			fmt.Fprintf(&out, "%d: and %d more\n", c.Number, c.More)
		}
	}
	fmt.Fprintf(&out, "head %s\n", r.Head)
	n, err := io.WriteString(w, out.String())
	return int64(n), err
}
