package paging

import (
	"context"
	"strconv"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// The bounds of a page.
const (
	maxPage     = 100
	defaultPage = 25
)

func Size(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// ParseCursor reads where a page of journal entries begins; empty is the newest.
func ParseCursor(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	seq, err := strconv.ParseUint(text, 36, 64)
	if err != nil || seq == 0 {
		return 0, token.Refuse(token.Malformed, "malformed.cursor")
	}
	return seq, nil
}

// maxScan bounds how many entries are looked at for one page. Where few of many match, a
// page may end before it is full; its cursor goes on from there.
const maxScan = 20_000

// finder finds entries of the journal, as Engine does.
type finder interface {
	Find(ctx context.Context, term journal.Term, match func(*journal.Entry) bool, before uint64, limit int) ([]*journal.Entry, error)
}

// Entries returns a page of the entries that match, and the cursor of the next page.
func Entries(ctx context.Context, engine finder, term journal.Term, match func(*journal.Entry) bool, before uint64, size int) (entries []*journal.Entry, next string, err error) {
	seen := 0
	found, err := engine.Find(ctx, term, func(e *journal.Entry) bool {
		seen++
		return seen > maxScan || match(e)
	}, before, size+1)
	if err != nil {
		return nil, "", err
	}
	if len(found) > size {
		found = found[:size]
		next = Cursor(found[size-1].Seq)
	}
	for _, e := range found {
		if match(e) {
			entries = append(entries, e)
		}
	}
	return entries, next, nil
}

func Cursor(seq uint64) string { return strconv.FormatUint(seq, 36) }

// Of lists a page whose cursor is the id of the last thing on it.
func Of[T any, K token.Kind](before string, limit int, list func(token.ID[K], int) ([]T, error), id func(T) token.ID[K]) (page []T, next string, err error) {
	var from token.ID[K]
	if before != "" {
		if from, err = token.ParseID[K](before); err != nil {
			return nil, "", token.Refuse(token.Malformed, "malformed.cursor")
		}
	}
	size := Size(limit)
	page, err = list(from, size+1)
	if err == nil && len(page) > size {
		page = page[:size]
		next = id(page[size-1]).String()
	}
	return page, next, err
}
