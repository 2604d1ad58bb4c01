package token

// Class tells tokens of one currency apart that must never mix in one ledger
// account: bought ones, those given by a campaign, and those of the sandbox.
type Class struct {
	Kind     ClassKind  `cbor:"1,keyasint,omitzero"`
	Campaign CampaignID `cbor:"2,keyasint,omitzero"` // for Incentive only
}

// ClassKind says where a token came from.
type ClassKind uint8

// Purchased tokens were bought with money. Incentive tokens were granted by a
// campaign and are spent first. Test tokens exist for vendors' sandboxes and are
// worth nothing.
const (
	Purchased ClassKind = 0
	Incentive ClassKind = 1
	Test      ClassKind = 2
)

// String returns "purchased", "incentive" or "test".
func (k ClassKind) String() string {
	switch k {
	case Purchased:
		return "purchased"
	case Incentive:
		return "incentive"
	case Test:
		return "test"
	}
	return "unknown"
}

// The classes that need no campaign.
var (
	PurchasedClass = Class{}
	TestClass      = Class{Kind: Test}
)
