package console

import (
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// describe puts the shares of a split into words.
func describe(split catalog.Split, names map[token.PayeeID]string) splitLine {
	nameOf := func(id token.PayeeID) string {
		if name := names[id]; name != "" {
			return name
		}
		return id.String()
	}
	line := splitLine{Split: split}
	for _, share := range split.Shares {
		described := shareLine{Payee: nameOf(share.Payee), Share: share}
		if share.PPM > 0 {
			// Parts per million as a percentage: an amount has six decimals, a percentage four.
			described.Percent = token.Amount(share.PPM*100).Decimal(0) + " %"
		}
		if share.Of > 0 && share.Of <= len(split.Shares) {
			described.Of = nameOf(split.Shares[share.Of-1].Payee)
		}
		line.Lines = append(line.Lines, described)
	}
	return line
}
