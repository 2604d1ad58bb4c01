package ledger

import "farthing.dev/farthing/token"

// The names of sums that are no rows of the chart of accounts.
const (
	SumSales   = "sales"   // prices of what was sold, before refunds; counted by purchase
	SumRefunds = "refunds" // what was given back of them; counted by refund
)

// Sum is what the journal's legs on one row of the chart come to, or its sales. The Owner
// is a vendor, for the sums of its own, or zero for the sum of all.
type Sum struct {
	Name     string // a Code's, or one of the constants above
	Owner    token.VendorID
	Currency token.Currency
	Class    token.ClassKind // Purchased or Incentive: test tokens are not summed
	Amount   token.Amount
	Count    int64 // of legs, sales or refunds
}
