package operating

import (
	"context"
	"net/url"
	"strings"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// firstPasswordLife is for how long a new operator can set a password by the link that
// AddOperator returns.
const firstPasswordLife = 24 * time.Hour

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
func (a *Operating) AddStaff(ctx context.Context, by caller.Actor, email string, role staff.Role) (NewOperator, error) {
	var made NewOperator
	if err := caller.NeedRole(by, staff.ManageStaff); err != nil {
		return made, err
	}
	if role.Level() == 0 {
		return made, token.Refuse(token.Unprocessable, "field_invalid.role", token.Given("got", string(role)))
	}
	email, err := account.NormalEmail(email)
	if err != nil {
		return made, err
	}
	user, err := a.directory.UserByEmail(ctx, email)
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
	err = a.catalog.AddStaff(ctx, member, by.Act(a.ids, a.clock.Now(), staff.OperatorAdded, user.ID.String(), "was made "+withArticle(role)))
	if made.Already = token.CodeOf(err) == token.CodeTaken; err != nil && !made.Already {
		return made, err
	}
	a.sessions.Forget() // their pages offer more from now on
	made.StaffView = StaffView{User: user.ID, Email: user.Email, Role: string(role), Since: now, HasPassword: user.Password != ""}
	made.LoginFrom = token.TimeAt(user.CreatedAt)
	if user.Password != "" {
		return made, nil
	}
	secret, err := a.random.Secret()
	if err != nil {
		return made, err
	}
	made.LinkUntil = now.Add(firstPasswordLife)
	made.Link = a.baseURL + "/reset/new?" + url.Values{"token": {secret}}.Encode()
	return made, a.catalog.AddReset(ctx, account.Reset{Hash: keys.HashOf(secret), User: user.ID, ExpiresAt: made.LinkUntil.UnixMilli()})
}

// AddOperator is AddStaff for an operator.
func (a *Operating) AddOperator(ctx context.Context, by caller.Actor, email string) (NewOperator, error) {
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
func (a *Operating) addLogin(ctx context.Context, email string) (account.User, error) {
	name, _, _ := strings.Cut(email, "@")
	user := account.User{
		ID: token.NewID[token.UserKind](a.ids), Email: email, Name: name,
		Account: token.NewID[token.AccountKind](a.ids), CreatedAt: a.clock.Now().UnixMilli(),
	}
	return user, a.catalog.AddUser(ctx, user, account.Account{ID: user.Account, CreatedAt: user.CreatedAt})
}

// RemoveStaff takes a role away from whoever logs in with an e-mail address, ends that person's
// sessions, and closes what waits and that person asked for or approved. The login itself stays.
func (a *Operating) RemoveStaff(ctx context.Context, by caller.Actor, email string, role staff.Role) error {
	if err := caller.NeedRole(by, staff.ManageStaff); err != nil {
		return err
	}
	none := token.Refuse(token.NotFound, "not_found.operator")
	email, err := account.NormalEmail(email)
	if err != nil {
		return err
	}
	user, err := a.directory.UserByEmail(ctx, email)
	if err != nil {
		return err
	}
	if user.ID.IsZero() {
		return none
	}
	err = a.catalog.RemoveStaff(ctx, user.ID, role, by.Act(a.ids, a.clock.Now(), staff.OperatorRemoved, user.ID.String(), "is not "+withArticle(role)+" any more"))
	a.sessions.Forget()
	if token.CodeOf(err) == token.CodeNotFound {
		return none
	}
	if err != nil {
		return err
	}
	return a.approving.CloseRequestsOf(ctx, user.ID)
}

// RemoveOperator is RemoveStaff for an operator.
func (a *Operating) RemoveOperator(ctx context.Context, by caller.Actor, email string) error {
	return a.RemoveStaff(ctx, by, email, staff.Operator)
}

// Staff returns everybody with a role.
func (a *Operating) Staff(ctx context.Context) ([]StaffView, error) {
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

// Operator lets somebody of the staff act, within the purchase window of the login. For others
// there is nothing here.
func (a *Operating) Operator(ctx context.Context, v caller.Viewer) (caller.Actor, error) {
	role, err := a.sessions.RoleOf(ctx, v.User)
	if err != nil {
		return caller.Actor{}, err
	}
	if role == 0 {
		a.activity.Record(ctx, activity.Event{Code: token.CodeNotFound, User: v.User, Detail: "Pages of the provider's staff were asked for with your login, and refused."})
		return caller.Actor{}, token.Refuse(token.NotFound, "not_found.page")
	}
	if err := v.NeedWindow(a.clock.Now(), "purchase_window_closed.act_as_staff"); err != nil {
		return caller.Actor{}, err
	}
	return caller.Actor{ID: v.User.String(), Staff: journal.Staff{User: v.User, Role: role}}, nil
}
