package app

import (
	"context"
	"strconv"
	"time"

	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// act makes a line of the staff's log.
func (by Actor) act(ids *token.Maker, now time.Time, action, subject, detail string) staff.Act {
	return staff.Act{ID: token.NewID[token.EventKind](ids), At: now.UnixMilli(), Actor: by.id, Action: action, Subject: subject, Detail: detail}
}

// StaffLog returns a page of what staff and commands looked at and did, newest first. before is
// where the page before it ended, "" for the first.
func (a *App) StaffLog(ctx context.Context, by Actor, search staff.Search, before string, limit int) (page []staff.Line, next string, err error) {
	if err := may(by, staff.ReadLog); err != nil {
		return nil, "", err
	}
	if before != "" {
		if search.Before, err = strconv.ParseUint(before, 10, 63); err != nil || search.Before == 0 {
			return nil, "", token.Refuse(token.Malformed, "malformed.cursor")
		}
	}
	size := pageSize(limit)
	page, err = a.catalog.Acts(ctx, search, size+1)
	if err == nil && len(page) > size {
		page = page[:size]
		next = strconv.FormatUint(page[size-1].Number, 10)
	}
	return page, next, err
}
