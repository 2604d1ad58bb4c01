package verify

import (
	"fmt"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// sample is some users and vendors of the journal: every user of it is checked at
// every vendor of it.
type sample struct {
	users   []token.UserID
	vendors []token.VendorID
	seenU   map[token.UserID]bool
	seenV   map[token.VendorID]bool
}

// The size of the sample.
const (
	sampledUsers   = 2000
	sampledVendors = 50
)

func newSample() *sample {
	return &sample{seenU: map[token.UserID]bool{}, seenV: map[token.VendorID]bool{}}
}

func (s *sample) entries(entries []*journal.Entry) {
	if len(s.users) >= sampledUsers && len(s.vendors) >= sampledVendors {
		return
	}
	for _, e := range entries {
		if !e.User.IsZero() && !s.seenU[e.User] && len(s.users) < sampledUsers {
			s.seenU[e.User] = true
			s.users = append(s.users, e.User)
		}
		if !e.Vendor.IsZero() && !s.seenV[e.Vendor] && len(s.vendors) < sampledVendors {
			s.seenV[e.Vendor] = true
			s.vendors = append(s.vendors, e.Vendor)
		}
	}
}

// check computes the pseudonyms of the sample as the application does. One that two
// vendors know, or that stands for two people, joins what must stay apart.
func (s *sample) check(report *audit.Report, pseudonym Pseudonym) error {
	if pseudonym == nil {
		return nil
	}
	type known struct {
		vendor token.VendorID
		user   token.UserID
	}
	seen := map[token.ReaderID]known{}
	for _, vendor := range s.vendors {
		for _, user := range s.users {
			reader, err := pseudonym(vendor, user)
			if err != nil {
				return fmt.Errorf("compute a pseudonym: %w", err)
			}
			report.Checked(audit.PseudonymsApart, 1)
			if other, taken := seen[reader]; taken {
				report.Fault(audit.PseudonymsApart, "vendor %s knows user %s as %s, as vendor %s knows user %s", vendor, user, reader, other.vendor, other.user)
			}
			seen[reader] = known{vendor, user}
		}
	}
	return nil
}
