package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Royalties returns a page of the vendor's royalty transactions, newest first: for
// each sale and refund the vendor's own net and then each payee's part.
func (a *App) Royalties(ctx context.Context, s Seller, before string, limit int) (page []RoyaltyView, next string, err error) {
	return a.royalties(ctx, s.Vendor, before, limit, func(e *journal.Entry) bool { return isTest(e) == s.Test })
}

func (a *App) royalties(ctx context.Context, vendor token.VendorID, before string, limit int, match func(*journal.Entry) bool) (page []RoyaltyView, next string, err error) {
	from, skip, err := parseRowCursor(before)
	if err != nil {
		return nil, "", err
	}
	size := pageSize(limit)
	entries, next, err := a.page(ctx, journal.TermVendor(vendor), func(e *journal.Entry) bool {
		return e.Vendor == vendor && e.Kind.Royalties() && match(e)
	}, from, size)
	if err != nil {
		return nil, "", err
	}
	for _, e := range entries {
		rows, err := a.royaltyRows(ctx, e)
		if err != nil {
			return nil, "", err
		}
		for i := skip; i < len(rows); i++ {
			if len(page) == size {
				return page, rowCursor(e.Seq+1, i), nil
			}
			page = append(page, rows[i])
		}
		skip = 0
	}
	if next != "" {
		next += "-0"
	}
	return page, next, nil
}

// rowCursor names a row of the newest entry below a number.
func rowCursor(before uint64, row int) string { return fmt.Sprintf("%s-%d", cursor(before), row) }

// parseRowCursor reads where a page of royalty transactions begins: at a row of an entry.
func parseRowCursor(text string) (before uint64, skip int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	number, row, _ := strings.Cut(text, "-")
	if before, err = parseCursor(number); err != nil {
		return 0, 0, err
	}
	if skip, err = strconv.Atoi(row); err != nil || skip < 0 || skip > royalty.MaxShares {
		return 0, 0, token.Refuse(token.Malformed, "malformed.cursor")
	}
	return before, skip, nil
}

func (a *App) royaltyRows(ctx context.Context, e *journal.Entry) ([]RoyaltyView, error) {
	row := RoyaltyView{Order: e.Order, At: when(e.At), Kind: e.Kind.String(), Test: isTest(e)}
	sign, lines := token.Amount(1), e.Lines()
	if e.Kind == journal.Refunded {
		order, err := a.engine.Order(ctx, e.Order)
		if err != nil {
			return nil, err
		}
		row.Split, row.SplitVersion = order.Rule.Split, order.Rule.Version
		row.Currency, row.Amount, sign = e.Refund.Currency, -e.Refund.Net, -1
	} else {
		row.Split, row.SplitVersion = e.Sale.Rule.Split, e.Sale.Rule.Version
		row.Currency, row.Amount = e.Sale.Currency, e.Sale.Net
	}
	rows := []RoyaltyView{row}
	for _, line := range lines {
		row.Payee, row.Amount = line.Payee, sign*line.Amount
		row.PayeeName = a.payeeName(ctx, line.Payee)
		rows = append(rows, row)
	}
	return rows, nil
}

func (a *App) payeeName(ctx context.Context, id token.PayeeID) string {
	payee, err := a.payees.get(id, func() (catalog.Payee, error) { return a.catalog.Payee(ctx, id) })
	if err != nil {
		return ""
	}
	return payee.Name
}

// Earnings returns what the vendor has earned and not been paid yet.
func (a *App) Earnings(ctx context.Context, s Seller) ([]Balance, error) {
	all, err := a.earnings(ctx, s.Vendor)
	return slices.DeleteFunc(all, func(b Balance) bool { return (b.Class.Kind == token.Test) != s.Test }), err
}

// Totals are saved when they are so many entries ahead of the saved ones.
const totalsAhead = 256

// earnings adds up what was posted to the vendor's account in the ledger. The sum is
// remembered with the number of the entry that it reaches to, so each entry is
// added once.
func (a *App) earnings(ctx context.Context, vendor token.VendorID) ([]Balance, error) {
	known, err := a.totals.get(vendor, func() (catalog.Totals, error) { return a.catalog.Totals(ctx, vendor) })
	if err != nil {
		return nil, err
	}
	totals := catalog.Totals{Seq: known.Seq, Lines: slices.Clone(known.Lines)}
	added, err := a.addUp(ctx, vendor, &totals)
	if err != nil {
		return nil, err
	}
	if added > 0 {
		a.totals.set(vendor, totals)
	}
	if added >= totalsAhead {
		if err := a.catalog.SaveTotals(ctx, vendor, totals); err != nil {
			a.log.WarnContext(ctx, "vendor totals not saved", "vendor", vendor.String(), "error", err)
		}
	}
	balances := make([]Balance, 0, len(totals.Lines))
	for _, line := range totals.Lines {
		class := token.PurchasedClass
		if line.Test {
			class = token.TestClass
		}
		balances = append(balances, Balance{Currency: line.Currency, Class: class, Amount: line.Amount})
	}
	slices.SortFunc(balances, compareBalances)
	return balances, nil
}

// addUp brings totals up to the vendor's newest entry and returns how many it added.
func (a *App) addUp(ctx context.Context, vendor token.VendorID, totals *catalog.Totals) (added int, err error) {
	known, before := totals.Seq, uint64(0)
	for page := 64; ; page = 1000 {
		entries, err := a.engine.Find(ctx, journal.TermVendor(vendor), func(e *journal.Entry) bool { return e.Vendor == vendor }, before, page)
		if err != nil {
			return 0, err
		}
		for _, e := range entries {
			if e.Seq <= known {
				return added, nil
			}
			totals.Seq = max(totals.Seq, e.Seq)
			before = e.Seq
			addLegs(totals, vendor, e.Legs)
			added++
		}
		if len(entries) < page {
			return added, nil
		}
	}
}

func addLegs(totals *catalog.Totals, vendor token.VendorID, legs []ledger.Leg) {
	for i := range legs {
		account := &legs[i].Account
		if account.Code != ledger.VendorPayable || account.Owner != vendor {
			continue
		}
		test := account.Class.Kind == token.Test
		at := slices.IndexFunc(totals.Lines, func(t catalog.Total) bool { return t.Currency == account.Currency && t.Test == test })
		if at < 0 {
			at = len(totals.Lines)
			totals.Lines = append(totals.Lines, catalog.Total{Currency: account.Currency, Test: test})
		}
		totals.Lines[at].Amount += legs[i].Amount
	}
}
