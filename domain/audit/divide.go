package audit

import (
	"math/bits"

	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// parts is a price divided: the lines in the order of the split's shares.
type parts struct {
	net, fee int64
	lines    []royalty.Line
}

// divide divides a price by the rule as docs/chart-of-accounts.md states it: the fee
// first; then each share, out of the price or out of its parent's share; the vendor
// gets what is left.
func divide(price int64, fee royalty.FeeRule, split royalty.Split) parts {
	took := make([]int64, len(split.Shares)) // by each share before its own nested ones
	kept := make([]int64, len(split.Shares)) // by each share after them
	charged := clamp(ppm(price, fee.PPM)+int64(fee.Fixed), 0, price)
	rest := price - charged
	for i, share := range split.Shares {
		wants := func(base int64) int64 {
			return max(int64(share.Minimum), ppm(base, share.PPM)+int64(share.Fixed))
		}
		if share.Of == 0 {
			took[i] = clamp(wants(price), 0, rest)
			rest -= took[i]
		} else {
			parent := share.Of - 1
			took[i] = clamp(wants(took[parent]), 0, kept[parent])
			kept[parent] -= took[i]
		}
		kept[i] = took[i]
	}
	divided := parts{net: rest, fee: charged}
	for i, share := range split.Shares {
		divided.lines = append(divided.lines, royalty.Line{Payee: share.Payee, Amount: token.Amount(kept[i])})
	}
	return divided
}

// ppm returns millionths of a base, rounded down.
func ppm(base, millionths int64) int64 { return muldiv(base, millionths, 1_000_000) }

// muldiv returns a*b/c rounded down, for a, b that are not negative and b <= c.
func muldiv(a, b, c int64) int64 {
	if a <= 0 || b <= 0 || c <= 0 || b > c {
		return 0
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}

func clamp(value, least, most int64) int64 { return max(least, min(value, most)) }

// takeBack returns what a refund of amount takes from parts of which left is left:
// laid end to end, cut evenly, each cut rounded down. The parts stand in the order
// fee, lines, net.
func takeBack(amount int64, left []int64) []int64 {
	var total int64
	for _, part := range left {
		total += part
	}
	taken := make([]int64, len(left))
	var end int64
	for i, part := range left {
		from := muldiv(amount, end, total)
		end += part
		taken[i] = muldiv(amount, end, total) - from
	}
	return taken
}
