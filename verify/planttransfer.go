package verify

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

func otherReceiver(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Transferred {
		return false
	}
	e.Transfer().To = token.AccountID{7}
	return true
}

// largerTransfer moves a thousand units more than was sent.
func largerTransfer(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Transferred {
		return false
	}
	e.Transfer().Amount += 1000 * token.PerUnit
	for i := range e.Legs {
		if e.Legs[i].Amount < 0 {
			e.Legs[i].Amount -= 1000 * token.PerUnit
		} else {
			e.Legs[i].Amount += 1000 * token.PerUnit
		}
	}
	return true
}
