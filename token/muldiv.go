package token

import "math/bits"

// mulDiv returns a*b/c rounded down, for b <= c, through a 128-bit product.
func mulDiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	quotient, _ := bits.Div64(hi, lo, c)
	return quotient
}
