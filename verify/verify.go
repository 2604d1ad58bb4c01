package verify

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// Pseudonym returns the name under which a vendor knows a user.
type Pseudonym func(vendor token.VendorID, user token.UserID) (token.ReaderID, error)

// Options say how to verify; the zero value is right.
type Options struct {
	Progress  io.Writer // told how far it is; nil for nobody
	Pseudonym Pseudonym // as the application computes it; nil leaves invariant 18 unchecked
	// OtherSecret says that the secret at hand is not the one that the database was made
	// with: what it makes are not this provider's pseudonyms.
	OtherSecret bool
	Workers     int          // decoders; the number of processors where it is zero
	Since       journal.Head // where the journal ended before; the zero Head asks for nothing
	Kept        journal.Head // and where it did as it was kept outside the database
}

// Run verifies a database whose tables are up to date. The report says which
// invariants hold; the error says that it could not be verified at all.
func Run(ctx context.Context, db store.Database, options Options) (audit.Report, error) {
	if options.Progress == nil {
		options.Progress = io.Discard
	}
	if options.Workers == 0 {
		options.Workers = runtime.GOMAXPROCS(0)
	}
	auditor := audit.New(rules(ctx, store.NewCatalog(db)))
	auditor.KnowOffers(offers(ctx, store.NewCatalog(db)))
	derived, err := readDerived(ctx, db, auditor)
	if err != nil {
		return audit.Report{}, err
	}
	names := newSample()
	since, kept := journal.Head{}, journal.Head{}
	told := uint64(0)
	err = auditor.Stream(ctx, blocksOf(db), options.Workers, func(b *journal.Block, entries []*journal.Entry) error {
		derived.entries(entries)
		names.entries(entries)
		if b.Last() == options.Since.Seq {
			since = b.Head()
		}
		if b.Last() == options.Kept.Seq {
			kept = b.Head()
		}
		if last := b.Last(); last >= told+progressEvery {
			told = last - last%progressEvery
			fmt.Fprintf(options.Progress, "%d entries\n", last)
		}
		return nil
	})
	if err != nil {
		return audit.Report{}, fmt.Errorf("read the journal: %w", err)
	}
	report := auditor.Report()
	if since.Seq != options.Since.Seq || since.Hash != options.Since.Hash {
		report.Fault(audit.ChainWhole, "the journal does not go on from %s, where it ended before", options.Since)
	}
	if kept.Seq != options.Kept.Seq || kept.Hash != options.Kept.Hash {
		report.Fault(audit.ChainWhole, "the journal does not go on from %s, which was kept outside the database: it has lost its end, or is another one", options.Kept)
	}
	derived.check(&report)
	if err := checkStaffLog(ctx, db, &report); err != nil {
		return audit.Report{}, err
	}
	if options.OtherSecret {
		report.Fault(audit.PseudonymsApart, "the secret is not the one that the database was made with, so every vendor would know its readers by other pseudonyms; verify with the right one")
	}
	if err := names.check(&report, options.Pseudonym); err != nil {
		return audit.Report{}, err
	}
	return report, nil
}

// progressEvery is how many entries lie between two lines of progress.
const progressEvery = 500_000

// blocksOf reads the journal from its first block on.
func blocksOf(db store.Database) audit.Blocks {
	return func(ctx context.Context, fn func(*journal.Block) error) error { return store.Walk(ctx, db, 0, fn) }
}

// rules looks split versions up in the catalogue.
func rules(ctx context.Context, catalogue *store.Catalog) audit.Rules {
	return func(id token.SplitID, version uint32) (royalty.Split, bool) {
		split, err := catalogue.Split(ctx, id, version)
		if err != nil {
			return royalty.Split{}, false
		}
		return split.Rule(), true
	}
}

// offers looks offer versions up in the catalogue.
func offers(ctx context.Context, catalogue *store.Catalog) audit.Offers {
	return func(id token.OfferID, version uint32) (audit.Offer, bool) {
		offer, err := catalogue.Offer(ctx, id, version)
		if err != nil {
			return audit.Offer{}, false
		}
		return offerOf(offer), true
	}
}
