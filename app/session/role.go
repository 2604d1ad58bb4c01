package session

import (
	"context"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// RoleOf returns the highest role of a user, 0 for none.
func (a *Sessions) RoleOf(ctx context.Context, user token.UserID) (journal.Role, error) {
	roles, err := a.catalog.Roles(ctx, user)
	highest := uint8(0)
	for _, role := range roles {
		highest = max(highest, role.Level())
	}
	return journal.Role(highest), err
}

// isOperator reports whether a user is of the staff.
func (a *Sessions) isOperator(ctx context.Context, user token.UserID) (bool, error) {
	role, err := a.RoleOf(ctx, user)
	return role > 0, err
}
