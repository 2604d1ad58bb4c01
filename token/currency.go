package token

import "encoding/binary"

// Currency is an ISO 4217 alphabetic code, such as USD, packed into three bytes.
// The zero value is no currency.
type Currency [3]byte

// ParseCurrency reads a code of three capital letters. Whether the provider
// deals in it is the provider's decision, not this function's.
func ParseCurrency(s string) (Currency, error) {
	var c Currency
	if len(s) != 3 {
		return c, notCurrency(s)
	}
	for i := range 3 {
		if s[i] < 'A' || s[i] > 'Z' {
			return Currency{}, notCurrency(s)
		}
		c[i] = s[i]
	}
	return c, nil
}

func notCurrency(s string) error {
	return Refuse(Unprocessable, "currency_invalid.form", Given("got", s))
}

// MustCurrency is ParseCurrency for constants in programs; it panics on a bad code.
func MustCurrency(s string) Currency {
	c, err := ParseCurrency(s)
	if err != nil {
		panic(err)
	}
	return c
}

// String returns the code, or "" for no currency.
func (c Currency) String() string {
	if c == (Currency{}) {
		return ""
	}
	return string(c[:])
}

// IsZero reports whether c names no currency.
func (c Currency) IsZero() bool { return c == Currency{} }

// AppendText appends the code; nothing for no currency.
func (c Currency) AppendText(b []byte) ([]byte, error) { return append(b, c.String()...), nil }

// MarshalText writes the code.
func (c Currency) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the code; an empty text is no currency.
func (c *Currency) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*c = Currency{}
		return nil
	}
	parsed, err := ParseCurrency(string(b))
	if err == nil {
		*c = parsed
	}
	return err
}

// Number packs the code into an integer, for compact records: zero is none.
func (c Currency) Number() uint32 {
	return binary.BigEndian.Uint32([]byte{0, c[0], c[1], c[2]})
}

// Digits returns how many decimals people write in this currency (ISO 4217
// minor units): 2 for most, 0 for JPY and its like, 3 for KWD and its like.
func (c Currency) Digits() int {
	switch c.String() {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// CheckMinor refuses an amount that is not a whole number of the currency's minor units:
// 1.005 USD or 0.5 JPY, which no bank moves. Prices and royalties may be finer.
func (c Currency) CheckMinor(a Amount) error {
	unit := Amount(1)
	for range 6 - c.Digits() {
		unit *= 10
	}
	if a%unit == 0 {
		return nil
	}
	if c.Digits() == 0 {
		return Refuse(Unprocessable, "amount_invalid.no_decimals", Word("currency", c.String()), Money("got", a, c))
	}
	return Refuse(Unprocessable, "amount_invalid.decimals", Word("currency", c.String()), Number("digits", int64(c.Digits())), Money("got", a, c))
}
