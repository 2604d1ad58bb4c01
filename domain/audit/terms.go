package audit

import (
	"encoding/binary"

	"farthing.dev/farthing/domain/journal"
)

// Terms appends to buffer the terms that an entry is to be found by, as decision 3 states them,
// by code that shares nothing with the code that writes the index.
func Terms(buffer []journal.Term, e *journal.Entry) []journal.Term {
	if e.Key.Scope != [16]byte{} || e.Key.Hash != [16]byte{} {
		buffer = append(buffer, mix('k', 1, e.Key.Scope, e.Key.Hash))
	}
	if e.Kind == journal.Viewed { // any number of them, so apart from what changes the order
		return append(buffer, mix('w', 1, e.Order))
	}
	if e.Order != [16]byte{} && e.Order != e.By {
		buffer = append(buffer, mix('o', 0, e.Order))
	}
	if e.Account != [16]byte{} {
		buffer = append(buffer, mix('a', 0, e.Account))
	}
	if e.Kind == journal.Transferred && e.Parts != nil && e.Parts.Transfer != nil {
		buffer = append(buffer, mix('a', 0, e.Parts.Transfer.To))
	}
	if e.Kind >= journal.OrderOpened && e.Kind <= journal.Refunded || e.Kind == journal.Covered {
		buffer = append(buffer, mix('v', 0, e.Vendor))
	}
	switch e.Kind {
	case journal.Purchased, journal.Captured:
		for i := range e.Sale.Lines {
			buffer = append(buffer, mix('p', 0, e.Sale.Lines[i].Payee))
		}
	case journal.Refunded:
		for i := range e.Refund.Lines {
			buffer = append(buffer, mix('p', 0, e.Refund.Lines[i].Payee))
		}
	}
	if (e.Kind == journal.Purchased || e.Kind == journal.HoldPlaced) && e.Sale.Item != [16]byte{} {
		buffer = append(buffer, mix('i', 1, e.Account, e.Vendor, e.Sale.Item))
	}
	if e.Kind == journal.HoldPlaced {
		buffer = append(buffer, mix('h', 0, slot(e.Sale.Until)))
	}
	if e.Kind == journal.ApprovalAsked {
		buffer = append(buffer, mix('h', 0, slot(e.Parts.Asked.LapsesAt)))
	}
	if e.Kind == journal.Funded && !e.Fund.Test {
		buffer = append(buffer, mix('d', 0, e.Account))
	}
	if e.Parts != nil {
		for _, at := range e.Parts.Due {
			buffer = append(buffer, mix('h', 0, slot(at)))
		}
	}
	return buffer
}

// slot names the hour that a time lies in.
func slot(at int64) (name [16]byte) {
	const hour = 60 * 60 * 1000
	binary.LittleEndian.PutUint64(name[:], uint64(at/hour))
	return name
}

// mix makes a term of a tag and ids. Its lowest bit says whether it is looked for before it
// exists.
func mix(tag byte, probed uint64, ids ...[16]byte) journal.Term {
	const basis, first, second = 0xCBF29CE484222325, 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9
	h := uint64(basis) ^ uint64(tag)
	for i := range ids {
		for half := 0; half < 16; half += 8 {
			h = (h ^ binary.LittleEndian.Uint64(ids[i][half:])) * first
			h = (h ^ h>>29) * second
			h ^= h >> 32
		}
	}
	return journal.Term(h&^1 | probed)
}
