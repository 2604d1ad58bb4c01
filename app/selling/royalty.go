package selling

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Royalties returns a page of the vendor's royalty transactions, newest first: for
// each sale and refund the vendor's own net and then each payee's part.
func (a *Selling) Royalties(ctx context.Context, s caller.Seller, before string, limit int) (page []RoyaltyView, next string, err error) {
	return a.royalties(ctx, s.Vendor, before, limit, func(e *journal.Entry) bool { return isTest(e) == s.Test })
}

func (a *Selling) royalties(ctx context.Context, vendor token.VendorID, before string, limit int, match func(*journal.Entry) bool) (page []RoyaltyView, next string, err error) {
	from, skip, err := parseRowCursor(before)
	if err != nil {
		return nil, "", err
	}
	size := paging.Size(limit)
	entries, next, err := paging.Entries(ctx, a.engine, journal.TermVendor(vendor), func(e *journal.Entry) bool {
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
func rowCursor(before uint64, row int) string {
	return fmt.Sprintf("%s-%d", paging.Cursor(before), row)
}

// parseRowCursor reads where a page of royalty transactions begins: at a row of an entry.
func parseRowCursor(text string) (before uint64, skip int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	number, row, _ := strings.Cut(text, "-")
	if before, err = paging.ParseCursor(number); err != nil {
		return 0, 0, err
	}
	if skip, err = strconv.Atoi(row); err != nil || skip < 0 || skip > royalty.MaxShares {
		return 0, 0, token.Refuse(token.Malformed, "malformed.cursor")
	}
	return before, skip, nil
}

func (a *Selling) royaltyRows(ctx context.Context, e *journal.Entry) ([]RoyaltyView, error) {
	row := RoyaltyView{Order: e.Order, At: token.TimeAt(e.At), Kind: e.Kind.String(), Test: isTest(e)}
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
		row.PayeeName = a.offering.PayeeName(ctx, line.Payee)
		rows = append(rows, row)
	}
	return rows, nil
}

// Earnings returns what the vendor has earned and not been paid yet.
func (a *Selling) Earnings(ctx context.Context, s caller.Seller) ([]funding.Balance, error) {
	all, err := a.earnings(ctx, s.Vendor)
	return slices.DeleteFunc(all, func(b funding.Balance) bool { return (b.Class.Kind == token.Test) != s.Test }), err
}

// earnings are what the ledger owes the vendor.
func (a *Selling) earnings(ctx context.Context, vendor token.VendorID) ([]funding.Balance, error) {
	books, err := a.engine.Owner(ctx, vendor)
	if err != nil {
		return nil, err
	}
	var balances []funding.Balance
	for _, b := range books.Balances {
		if b.Code == ledger.VendorPayable {
			balances = append(balances, funding.Balance{Currency: b.Currency, Class: b.Class, Amount: b.Amount})
		}
	}
	slices.SortFunc(balances, funding.CompareBalances)
	return balances, nil
}
