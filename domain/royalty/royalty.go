// Package royalty computes who earns what of a sale: the vendor's net, the
// provider's fee and the royalties of authors, publishers and other payees.
//
// The rule, in order:
//
//  1. The fee is a share of the price plus a fixed amount, at most the price.
//  2. Each share of the split takes, in the order listed, the larger of its
//     minimum and (percent of its base + fixed amount), rounded down. The base is
//     the price, or for a nested share what its parent share got; a nested share
//     is taken out of its parent, any other out of what is left of the price.
//     No share takes more than is left there.
//  3. The vendor gets what remains. So every rounding goes to the vendor, and
//     net + fee + royalties = price, each at least zero.
//
// A split is immutable: a change makes a new version, and each purchase keeps the
// version it was computed by, so every figure can be computed again.
package royalty

import "farthing.dev/farthing/token"

// MaxShares bounds the payees of one split.
const MaxShares = 16

// Share is what one payee earns of each sale.
type Share struct {
	Payee   token.PayeeID
	PPM     int64        // parts per million of the base, 0 to 1,000,000
	Fixed   token.Amount // tokens of the order's currency, per sale
	Minimum token.Amount // the least that the share comes to, if that much is left
	// Of is 0 for a share of the price, or the number (from 1) of an earlier share
	// in the same split that this one is a part of: author of publisher.
	Of int
}

// Split is one version of a vendor's rule for dividing a price.
type Split struct {
	ID      token.SplitID
	Version uint32
	Shares  []Share
}

// FeeRule is the provider's fee for a vendor.
type FeeRule struct {
	PPM   int64        // parts per million of the price, 0 to 1,000,000
	Fixed token.Amount // tokens per sale
}

// Validate returns an error for a fee that is negative, above 100 percent, or fixed
// above the maximum.
func (f FeeRule) Validate() error {
	if f.PPM < 0 || f.PPM > 1_000_000 || f.Fixed < 0 || f.Fixed > token.MaxAmount {
		return token.Refuse(token.Unprocessable, "split_invalid.fee")
	}
	return nil
}

// Line is one royalty transaction: what one payee earns of one purchase.
type Line struct {
	_      struct{} `cbor:",toarray"`
	Payee  token.PayeeID
	Amount token.Amount
}

// Division is a price divided. Net + Fee + the lines = the price.
type Division struct {
	Net   token.Amount
	Fee   token.Amount
	Lines []Line
}

// Validate returns an error unless the split can be computed: at most MaxShares,
// shares between 0 and 100 %, no negative amounts, each payee once, nested only
// under an earlier share, and no more than 100 % of any base.
func (s Split) Validate() error {
	if len(s.Shares) > MaxShares {
		return token.Refuse(token.Unprocessable, "split_invalid.too_many", token.Number("most", MaxShares), token.Number("got", int64(len(s.Shares))))
	}
	percent := make([]int64, len(s.Shares)+1)
	for i, share := range s.Shares {
		switch {
		case share.PPM < 0 || share.PPM > 1_000_000:
			return token.Refuse(token.Unprocessable, "split_invalid.share")
		case share.Fixed < 0 || share.Minimum < 0 || share.Fixed > token.MaxAmount || share.Minimum > token.MaxAmount:
			return token.Refuse(token.Unprocessable, "split_invalid.share_amounts")
		case share.Of < 0 || share.Of > i:
			return token.Refuse(token.Unprocessable, "split_invalid.nested")
		}
		if share.Payee.IsZero() {
			return token.Refuse(token.Unprocessable, "split_invalid.payee_missing")
		}
		for _, other := range s.Shares[:i] {
			if other.Payee == share.Payee {
				return token.Refuse(token.Unprocessable, "split_invalid.payee_twice")
			}
		}
		if percent[share.Of] += share.PPM; percent[share.Of] > 1_000_000 {
			return token.Refuse(token.Unprocessable, "split_invalid.above_whole")
		}
	}
	return nil
}

// Divide divides price by the rule in the package comment. The lines stand in the
// split's order; a payee that gets nothing has a line of zero. It appends the
// lines to buffer, which may be nil.
func Divide(price token.Amount, fee FeeRule, split *Split, buffer []Line) Division {
	feeAmount := max(0, min(price, price.Share(fee.PPM)+fee.Fixed))
	net := price - feeAmount
	lines := buffer
	start := len(lines)
	var gross [MaxShares + 1]token.Amount // what each share got before its nested ones took theirs
	gross[0] = price
	for i := range split.Shares {
		share := &split.Shares[i]
		left := &net
		if share.Of > 0 {
			left = &lines[start+share.Of-1].Amount
		}
		amount := min(*left, max(share.Minimum, gross[share.Of].Share(share.PPM)+share.Fixed))
		*left -= amount
		gross[i+1] = amount
		lines = append(lines, Line{Payee: share.Payee, Amount: amount})
	}
	return Division{Net: net, Fee: feeAmount, Lines: lines[start:len(lines):len(lines)]}
}
