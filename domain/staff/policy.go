package staff

import (
	"strings"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// PolicyInput is a row of the policy as people write it.
type PolicyInput struct {
	Action   string
	Currency string // "" for every currency that has no row of its own
	Above    string // "" for any sum
	Persons  uint8  // 0 takes the row away
	Role     string // "" for a supervisor
}

// Policy reads the row. Whether there can be such a row the core says.
func (in PolicyInput) Policy() (p journal.Policy, err error) {
	if p.Action, err = journal.ParseAction(in.Action); err != nil {
		return p, err
	}
	if in.Currency != "" {
		if p.Currency, err = token.ParseCurrency(strings.TrimSpace(in.Currency)); err != nil {
			return p, err
		}
	}
	if in.Persons == 0 {
		return p, nil
	}
	if in.Above != "" && in.Above != "0" {
		if p.Above, err = token.ParseAmount(in.Above); err != nil {
			return p, err
		}
	}
	p.Needs = journal.Needs{Persons: in.Persons, Role: journal.Supervisor}
	if in.Role != "" {
		p.Needs.Role = journal.Role(Role(in.Role).Level())
	}
	return p, nil
}
