package app

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// firstPasswordLife is for how long a new operator can set a password by the link that
// AddOperator returns.
const firstPasswordLife = 24 * time.Hour

// Actor is who acts for the provider: an operator with a session, a program with an
// operator's key, or ByCommand. It goes into the staff's log.
type Actor struct{ id string }

// ByCommand acts by a command on the provider's own machine: whoever may read the data
// folder is trusted with everything in it.
func ByCommand() Actor { return Actor{staff.ByCommand} }

// StaffView is somebody with a role.
type StaffView struct {
	User        token.UserID
	Email       string
	Role        string
	Since       time.Time
	HasPassword bool // false until the first one was set
}

// NewOperator is what AddOperator did.
type NewOperator struct {
	StaffView
	Already   bool      // had the role before
	LoginMade bool      // there was no login with this address
	LoginFrom time.Time // when the login was made
	Link      string    // where the first password is set, once; "" where there is one
	LinkUntil time.Time // from then on the link opens nothing
}

// AddOperator makes whoever logs in with an e-mail address an operator. Where nobody does,
// a login is made, and its first password is set by the link that is returned. Doing it
// again changes nothing, and returns a new link while there is no password.
func (a *App) AddOperator(ctx context.Context, by Actor, email string) (NewOperator, error) {
	var made NewOperator
	email, err := account.NormalEmail(email)
	if err != nil {
		return made, err
	}
	user, err := a.userByEmail(ctx, email)
	if err != nil {
		return made, err
	}
	if user.ID.IsZero() {
		if user, err = a.addLogin(ctx, email); err != nil {
			return made, err
		}
		made.LoginMade = true
	}
	now := a.clock.Now()
	member := staff.Member{User: user.ID, Role: staff.Operator, AddedAt: now.UnixMilli()}
	err = a.catalog.AddStaff(ctx, member, a.act(by, staff.OperatorAdded, user.ID.String(), "was made an operator"))
	if made.Already = token.CodeOf(err) == token.CodeTaken; err != nil && !made.Already {
		return made, err
	}
	a.sessions.dropAll() // their pages offer more from now on
	made.StaffView = StaffView{User: user.ID, Email: user.Email, Role: string(staff.Operator), Since: now, HasPassword: user.Password != ""}
	made.LoginFrom = when(user.CreatedAt)
	if user.Password != "" {
		return made, nil
	}
	secret, err := a.dice.secret()
	if err != nil {
		return made, err
	}
	made.LinkUntil = now.Add(firstPasswordLife)
	made.Link = a.baseURL + "/reset/new?" + url.Values{"token": {secret}}.Encode()
	return made, a.catalog.AddReset(ctx, account.Reset{Hash: hashOf(secret), User: user.ID, ExpiresAt: made.LinkUntil.UnixMilli()})
}

// addLogin makes a login that has no password yet.
func (a *App) addLogin(ctx context.Context, email string) (account.User, error) {
	name, _, _ := strings.Cut(email, "@")
	user := account.User{
		ID: token.NewID[token.UserKind](a.ids), Email: email, Name: name,
		Account: token.NewID[token.AccountKind](a.ids), CreatedAt: a.clock.Now().UnixMilli(),
	}
	return user, a.catalog.AddUser(ctx, user, account.Account{ID: user.Account, CreatedAt: user.CreatedAt})
}

// RemoveOperator takes the role away from whoever logs in with an e-mail address, and ends
// that person's sessions. The login itself stays.
func (a *App) RemoveOperator(ctx context.Context, by Actor, email string) error {
	none := token.Refuse(token.NotFound, "not_found.operator")
	email, err := account.NormalEmail(email)
	if err != nil {
		return err
	}
	user, err := a.userByEmail(ctx, email)
	if err != nil {
		return err
	}
	if user.ID.IsZero() {
		return none
	}
	err = a.catalog.RemoveStaff(ctx, user.ID, staff.Operator, a.act(by, staff.OperatorRemoved, user.ID.String(), "is not an operator any more"))
	a.sessions.dropAll()
	if token.CodeOf(err) == token.CodeNotFound {
		return none
	}
	return err
}

// Staff returns everybody with a role.
func (a *App) Staff(ctx context.Context) ([]StaffView, error) {
	members, err := a.catalog.Staff(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]StaffView, 0, len(members))
	for _, m := range members {
		user, err := a.catalog.User(ctx, m.User)
		if err != nil {
			return nil, err
		}
		views = append(views, StaffView{User: m.User, Email: user.Email, Role: string(m.Role), Since: when(m.AddedAt), HasPassword: user.Password != ""})
	}
	return views, nil
}

// isOperator reports whether a user has the role.
func (a *App) isOperator(ctx context.Context, user token.UserID) (bool, error) {
	roles, err := a.catalog.Roles(ctx, user)
	return slices.Contains(roles, staff.Operator), err
}

// Operator lets an operator act, within the purchase window of the login. For others there
// is nothing here.
func (a *App) Operator(ctx context.Context, v Viewer) (Actor, error) {
	is, err := a.isOperator(ctx, v.User)
	if err != nil {
		return Actor{}, err
	}
	if !is {
		a.Note(ctx, SecurityEvent{Code: token.CodeNotFound, User: v.User, Detail: "Pages of the provider's staff were asked for with your login, and refused."})
		return Actor{}, token.Refuse(token.NotFound, "not_found.page")
	}
	if err := a.needWindow(v, "purchase_window_closed.act_as_staff"); err != nil {
		return Actor{}, err
	}
	return Actor{v.User.String()}, nil
}
