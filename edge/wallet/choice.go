package wallet

import (
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// choice is one line of a list to choose from.
type choice struct {
	Value, Label string
	Chosen       bool
}

func (h *Handler) currencyChoices(chosen string) []choice {
	out := make([]choice, 0, len(h.currencies))
	for _, c := range h.currencies {
		out = append(out, choice{Value: c.String(), Label: c.String(), Chosen: c.String() == chosen})
	}
	return out
}

func periodChoices(chosen string, periods ...limit.Period) []choice {
	var out []choice
	for _, p := range periods {
		out = append(out, choice{Value: p.String(), Label: periodLabel(p), Chosen: p.String() == chosen})
	}
	return out
}

func periodLabel(p limit.Period) string {
	switch p {
	case limit.PerPurchase:
		return "each purchase"
	case limit.Day:
		return "a day"
	case limit.Week:
		return "a week"
	case limit.Month:
		return "a month"
	}
	return p.String()
}

// vendorNames are the vendors that a reader's forms know, in the order first seen.
type vendorNames struct {
	ids   []token.VendorID
	names map[token.VendorID]string
}

func (n *vendorNames) add(id token.VendorID, name string) {
	if id.IsZero() || n.names[id] != "" {
		return
	}
	if n.names == nil {
		n.names = map[token.VendorID]string{}
	}
	if name == "" {
		name = id.String()
	}
	n.ids, n.names[id] = append(n.ids, id), name
}

func (n *vendorNames) choices(chosen string) []choice {
	var out []choice
	for _, id := range n.ids {
		out = append(out, choice{Value: id.String(), Label: n.names[id], Chosen: id.String() == chosen})
	}
	return out
}
