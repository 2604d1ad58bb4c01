package operating

import (
	"context"
	"strconv"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// StaffLog returns a page of what staff and commands looked at and did, newest first. before is
// where the page before it ended, "" for the first.
func (a *Operating) StaffLog(ctx context.Context, by caller.Actor, search staff.Search, before string, limit int) (page []staff.Line, next string, err error) {
	if err := caller.NeedRole(by, staff.ReadLog); err != nil {
		return nil, "", err
	}
	if before != "" {
		if search.Before, err = strconv.ParseUint(before, 10, 63); err != nil || search.Before == 0 {
			return nil, "", token.Refuse(token.Malformed, "malformed.cursor")
		}
	}
	size := paging.Size(limit)
	page, err = a.catalog.Acts(ctx, search, size+1)
	if err == nil && len(page) > size {
		page = page[:size]
		next = strconv.FormatUint(page[size-1].Number, 10)
	}
	return page, next, err
}
