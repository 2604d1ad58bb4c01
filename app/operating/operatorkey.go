package operating

import (
	"context"
	"strings"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// operatorKey is how the secrets of operators' keys begin. No vendor's key does.
const operatorKey = "fk_operator_"

// OperatorKeyView is a key by which a program acts as an operator.
type OperatorKeyView struct {
	ID        token.KeyID
	Name      string
	Hint      string // the last characters of its secret
	CreatedAt time.Time
	RevokedAt time.Time // zero for a good one
}

// CreateOperatorKey makes a key for a program of the provider's. Its secret is shown this
// once.
func (a *Operating) CreateOperatorKey(ctx context.Context, by caller.Actor, name string) (secret string, view OperatorKeyView, err error) {
	if err := caller.NeedRole(by, staff.ManageStaff); err != nil {
		return "", view, err
	}
	if err := catalog.CheckName("key_name", name); err != nil {
		return "", view, err
	}
	known, err := a.catalog.OperatorKeys(ctx)
	if err != nil {
		return "", view, err
	}
	good := 0
	for _, key := range known {
		if key.RevokedAt == 0 {
			good++
		}
	}
	if good >= directory.MaxKeys {
		return "", view, token.Refuse(token.Unprocessable, "field_invalid.operator_keys", token.Number("most", directory.MaxKeys))
	}
	if secret, err = a.random.Secret(); err != nil {
		return "", view, err
	}
	secret = operatorKey + secret
	key := staff.Key{
		ID: token.NewID[token.KeyKind](a.ids), Hash: keys.HashOf(secret), Name: name, Hint: secret[len(secret)-4:], CreatedAt: a.clock.Now().UnixMilli(),
		MadeBy: by.Staff.User,
	}
	err = a.catalog.AddOperatorKey(ctx, key, by.Act(a.ids, a.clock.Now(), staff.KeyMade, key.ID.String(), "made the operator key that ends in "+key.Hint))
	if err != nil {
		return "", view, err
	}
	return secret, operatorKeyView(key), nil
}

// OperatorKeys returns the keys, newest first.
func (a *Operating) OperatorKeys(ctx context.Context) ([]OperatorKeyView, error) {
	known, err := a.catalog.OperatorKeys(ctx)
	views := make([]OperatorKeyView, 0, len(known))
	for _, key := range known {
		views = append(views, operatorKeyView(key))
	}
	return views, err
}

// RevokeOperatorKey ends a key, at once on every replica.
func (a *Operating) RevokeOperatorKey(ctx context.Context, by caller.Actor, id token.KeyID) error {
	if err := caller.NeedRole(by, staff.ManageStaff); err != nil {
		return err
	}
	return a.catalog.RevokeOperatorKey(ctx, id, a.clock.Now().UnixMilli(), by.Act(a.ids, a.clock.Now(), staff.KeyRevoked, id.String(), "revoked an operator key"))
}

// OperatorByKey lets a program act that sends an operator's key. It is looked up each time:
// such calls are few.
func (a *Operating) OperatorByKey(ctx context.Context, bearer string) (caller.Actor, token.KeyID, error) {
	unknown := token.Refuse(token.Unauthorised, "unauthorised.operator_key")
	if len(bearer) > 200 || !strings.HasPrefix(bearer, operatorKey) {
		return caller.Actor{}, token.KeyID{}, unknown
	}
	key, err := a.catalog.OperatorKeyByHash(ctx, keys.HashOf(bearer))
	if token.CodeOf(err) == token.CodeNotFound || err == nil && key.RevokedAt != 0 {
		return caller.Actor{}, token.KeyID{}, unknown
	}
	by := journal.Staff{User: key.MadeBy, Key: key.ID, Role: journal.Operator}
	if err == nil && !key.MadeBy.IsZero() { // it may what the person may who made it, as long as that is so
		if by.Role, err = a.sessions.RoleOf(ctx, key.MadeBy); err == nil && by.Role == 0 {
			return caller.Actor{}, token.KeyID{}, unknown
		}
	}
	return caller.Actor{ID: key.ID.String(), Staff: by}, key.ID, err
}

func operatorKeyView(k staff.Key) OperatorKeyView {
	return OperatorKeyView{ID: k.ID, Name: k.Name, Hint: k.Hint, CreatedAt: token.TimeAt(k.CreatedAt), RevokedAt: token.TimeAt(k.RevokedAt)}
}
