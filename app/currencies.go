package app

import (
	"farthing.dev/farthing/token"
)

// DefaultCurrencies returns what a provider deals in that is not told otherwise.
func DefaultCurrencies() []token.Currency {
	return []token.Currency{{'U', 'S', 'D'}, {'E', 'U', 'R'}, {'G', 'B', 'P'}, {'J', 'P', 'Y'}}
}
