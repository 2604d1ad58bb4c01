package app

import (
	"context"
	"net/url"
	"strings"
	"time"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// firstPasswordLife is for how long a new operator can set a password by the link that
// AddOperator returns.
const firstPasswordLife = 24 * time.Hour

// Actor is who acts for the provider: an operator with a session, a program with an
// operator's key, or ByCommand. It goes into the staff's log.
type Actor struct {
	id    string
	staff journal.Staff
}

// ByCommand acts by a command on the provider's own machine: whoever may read the data
// folder is trusted with everything in it.
//
// It stands for no person: it asks and refuses, and never approves, see [core.Approve].
func ByCommand() Actor {
	return Actor{id: staff.ByCommand, staff: journal.Staff{Role: journal.Operator}}
}

// may refuses what an actor's role does not allow.
func may(by Actor, what staff.Permission) error {
	if what.May(uint8(by.staff.Role)) {
		return nil
	}
	return token.Refuse(token.Forbidden, "forbidden.staff_role")
}

// May reports whether the actor's role allows something, for pages that offer it.
func (by Actor) May(what staff.Permission) bool { return may(by, what) == nil }

// Is reports whether the actor is a person: a program acts for the one who made its key.
func (by Actor) Is(user token.UserID) bool { return !user.IsZero() && by.staff.User == user }

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

// AddStaff gives whoever logs in with an e-mail address a role. Where nobody does,
// a login is made, and its first password is set by the link that is returned. Doing it
// again changes nothing, and returns a new link while there is no password.
func (a *App) AddStaff(ctx context.Context, by Actor, email string, role staff.Role) (NewOperator, error) {
	var made NewOperator
	if err := may(by, staff.ManageStaff); err != nil {
		return made, err
	}
	if role.Level() == 0 {
		return made, token.Refuse(token.Unprocessable, "field_invalid.role", token.Given("got", string(role)))
	}
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
	member := staff.Member{User: user.ID, Role: role, AddedAt: now.UnixMilli()}
	err = a.catalog.AddStaff(ctx, member, by.act(a.ids, a.clock.Now(), staff.OperatorAdded, user.ID.String(), "was made "+withArticle(role)))
	if made.Already = token.CodeOf(err) == token.CodeTaken; err != nil && !made.Already {
		return made, err
	}
	a.forgetSessions() // their pages offer more from now on
	made.StaffView = StaffView{User: user.ID, Email: user.Email, Role: string(role), Since: now, HasPassword: user.Password != ""}
	made.LoginFrom = token.TimeAt(user.CreatedAt)
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

// AddOperator is AddStaff for an operator.
func (a *App) AddOperator(ctx context.Context, by Actor, email string) (NewOperator, error) {
	return a.AddStaff(ctx, by, email, staff.Operator)
}

// withArticle is a role with its article.
func withArticle(role staff.Role) string {
	if role == staff.Operator {
		return "an operator"
	}
	return "a " + string(role)
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

// RemoveStaff takes a role away from whoever logs in with an e-mail address, ends that person's
// sessions, and closes what waits and that person asked for or approved. The login itself stays.
func (a *App) RemoveStaff(ctx context.Context, by Actor, email string, role staff.Role) error {
	if err := may(by, staff.ManageStaff); err != nil {
		return err
	}
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
	err = a.catalog.RemoveStaff(ctx, user.ID, role, by.act(a.ids, a.clock.Now(), staff.OperatorRemoved, user.ID.String(), "is not "+withArticle(role)+" any more"))
	a.forgetSessions()
	if token.CodeOf(err) == token.CodeNotFound {
		return none
	}
	if err != nil {
		return err
	}
	return a.closeRequestsOf(ctx, user.ID)
}

// RemoveOperator is RemoveStaff for an operator.
func (a *App) RemoveOperator(ctx context.Context, by Actor, email string) error {
	return a.RemoveStaff(ctx, by, email, staff.Operator)
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
		views = append(views, StaffView{User: m.User, Email: user.Email, Role: string(m.Role), Since: token.TimeAt(m.AddedAt), HasPassword: user.Password != ""})
	}
	return views, nil
}

// roleOf returns the highest role of a user, 0 for none.
func (a *App) roleOf(ctx context.Context, user token.UserID) (journal.Role, error) {
	roles, err := a.catalog.Roles(ctx, user)
	highest := uint8(0)
	for _, role := range roles {
		highest = max(highest, role.Level())
	}
	return journal.Role(highest), err
}

// isOperator reports whether a user is of the staff.
func (a *App) isOperator(ctx context.Context, user token.UserID) (bool, error) {
	role, err := a.roleOf(ctx, user)
	return role > 0, err
}

// Operator lets somebody of the staff act, within the purchase window of the login. For others
// there is nothing here.
func (a *App) Operator(ctx context.Context, v Viewer) (Actor, error) {
	role, err := a.roleOf(ctx, v.User)
	if err != nil {
		return Actor{}, err
	}
	if role == 0 {
		a.Note(ctx, SecurityEvent{Code: token.CodeNotFound, User: v.User, Detail: "Pages of the provider's staff were asked for with your login, and refused."})
		return Actor{}, token.Refuse(token.NotFound, "not_found.page")
	}
	if err := v.needWindow(a.clock.Now(), "purchase_window_closed.act_as_staff"); err != nil {
		return Actor{}, err
	}
	return Actor{id: v.User.String(), staff: journal.Staff{User: v.User, Role: role}}, nil
}
