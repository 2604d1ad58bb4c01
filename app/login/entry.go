package login

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// Step is how far a login has come: in, or up to the second factor.
type Step struct {
	Session string // the secret of the new session; "" where the second factor is still to be given
	Attempt string // the secret of the login under way, "" once it is over
	Known   string // for the browser to keep: its owner's tries are counted apart from strangers'
	Viewer  caller.Viewer
}

// LoginByPassword begins a login by the password. An unknown address and a wrong
// password get the same answer, after the same time.
func (a *Login) LoginByPassword(ctx context.Context, d caller.Browser, email, password string) (Step, error) {
	refused := token.Refuse(token.Unauthorised, "login_invalid.password")
	email, err := account.NormalEmail(email)
	if err != nil || len(password) > 4*account.MaxPassword {
		return Step{}, refused
	}
	user, err := a.directory.UserByEmail(ctx, email)
	if err != nil {
		return Step{}, err
	}
	spent, err := a.takePassword(ctx, d, user, email)
	if err != nil {
		return Step{}, err
	}
	same, err := a.hasher.Matches(ctx, password, user.Password)
	if err != nil {
		return Step{}, err
	}
	if !same {
		a.refuseLogin(ctx, user, "somebody tried to log in as you with a wrong password")
		return Step{}, refused
	}
	a.pace.GiveBack(ctx, spent)
	return a.firstFactor(ctx, d, user, credential.Spent{}, account.ByPassword)
}

// LogIn opens a session by the password alone, for callers that are no browser. Who has
// a second factor does not get in this way.
func (a *Login) LogIn(ctx context.Context, email, password string) (secret string, viewer caller.Viewer, err error) {
	entry, err := a.LoginByPassword(ctx, caller.Browser{}, email, password)
	if err == nil && entry.Session == "" {
		err = token.Refuse(token.Forbidden, "second_factor_needed.needed")
	}
	return entry.Session, entry.Viewer, err
}

// firstFactor goes on after one factor has been shown: in, or to the second.
func (a *shared) firstFactor(ctx context.Context, d caller.Browser, user account.User, spent credential.Spent, method account.Method) (Step, error) {
	needed, err := a.hasSecond(ctx, user.ID)
	if err != nil {
		return Step{}, err
	}
	if needed {
		return a.askSecond(ctx, user, spent, method)
	}
	return a.enter(ctx, d, user, spent, method)
}

// enter opens the session of somebody who has shown everything that is asked of her.
func (a *shared) enter(ctx context.Context, d caller.Browser, user account.User, spent credential.Spent, methods ...account.Method) (Step, error) {
	secret, viewer, err := a.sessions.Start(ctx, user, spent, methods...)
	if err != nil {
		return Step{}, err
	}
	a.incentives.LapseOld(ctx, user.Account)
	known, detail := d.Known, "You logged in"
	if !a.knows(user, known) {
		detail = "You logged in where you had not logged in before"
		if known, err = a.introduce(user); err != nil {
			return Step{}, err
		}
	}
	a.activity.Record(ctx, activity.Event{Code: token.CodeLoggedIn, User: user.ID, Detail: detail + ", with " + inWords(d, methods) + "."})
	return Step{Session: secret, Viewer: viewer, Known: known}, nil
}

// inWords says how somebody showed who she is, and in which browser.
func inWords(d caller.Browser, methods []account.Method) string {
	var words []string
	for _, m := range methods {
		words = append(words, methodWords[m])
	}
	text := strings.Join(words, " and ")
	if d.Agent != "" {
		text += ", in " + account.Device(d.Agent)
	}
	return text
}

var methodWords = map[account.Method]string{
	account.ByPassword: "your password", account.ByOTP: "a code of your authenticator or a recovery code", account.ByKey: "a passkey", account.ByMail: "a code by e-mail",
}

// takePassword uses up one try of a password. A browser that the account's owner has logged in with
// before counts for itself alone, so that strangers cannot keep her out there. All others
// count by their network; and where so many networks try that the account is slowed
// down, a code by e-mail is asked for instead, or very few tries are left to each.
func (a *shared) takePassword(ctx context.Context, d caller.Browser, user account.User, email string) (*pace.Tries, error) {
	now := a.clock.Now()
	if a.knows(user, d.Known) {
		spent := a.pace.Try().By(paceKnown, "password in a browser", user.ID.String(), d.Known)
		refused, retryAt, err := spent.Take(ctx, now)
		if err == nil && refused >= 0 {
			err = a.slowed(ctx, user, retryAt, "too_many_requests.password_browser")
		}
		return spent, err
	}
	here := func() *pace.Tries {
		return a.pace.Try().By(paceHere, "password from a network", email, d.Address).From(paceNetwork, "passwords", d)
	}
	spent := here().By(paceAccount, "password", email)
	account := spent.Last()
	refused, retryAt, err := spent.Take(ctx, now)
	if err == nil && refused == account && !a.canMail() {
		spent = here().By(paceFew, "few passwords from a network", email, d.Address)
		refused, retryAt, err = spent.Take(ctx, now)
	}
	switch {
	case err != nil || refused < 0:
		return spent, err
	case refused == account && a.canMail():
		return spent, a.slowed(ctx, user, retryAt, "too_many_requests.password_alone")
	}
	return spent, a.slowed(ctx, user, retryAt, "too_many_requests.password_network")
}

// slowed refuses a password for a while, and says what works at once.
func (a *shared) slowed(ctx context.Context, user account.User, retryAt time.Time, why token.Reason) error {
	if !user.ID.IsZero() {
		a.activity.Record(ctx, activity.Event{Code: token.CodeThrottled, User: user.ID, Detail: "too many tries to log in as you; more were refused for a while"})
	}
	return pace.TooOften(retryAt, why, token.Word("ways", a.otherWays()))
}

// otherWays names the ways in that no stranger can close.
func (a *shared) otherWays() string {
	if a.canMail() {
		return "other_ways_by_mail"
	}
	return "other_ways"
}

// refuseLogin writes down that a login was refused, where somebody is concerned.
func (a *shared) refuseLogin(ctx context.Context, user account.User, detail string) {
	if user.ID.IsZero() {
		a.log.InfoContext(ctx, "login refused, no such user")
		return
	}
	a.activity.Record(ctx, activity.Event{Code: token.CodeLoginInvalid, User: user.ID, Detail: detail})
}

// The lengths of what a browser is known by: a random part, and its proof.
const (
	knownNonce = 16
	knownProof = 16
)

// introduce returns what a browser is known by from now on.
func (a *shared) introduce(user account.User) (string, error) {
	var nonce [knownNonce]byte
	if err := a.random.Fill(nonce[:]); err != nil {
		return "", err
	}
	proof, err := a.proofOf(user.ID, nonce[:])
	return base64.RawURLEncoding.EncodeToString(append(nonce[:], proof...)), err
}

// knows reports whether a browser has logged in as the user before.
func (a *shared) knows(user account.User, known string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(known) // in one way: tries are counted by it
	if err != nil || len(raw) != knownNonce+knownProof || user.ID.IsZero() {
		return false
	}
	proof, err := a.proofOf(user.ID, raw[:knownNonce])
	return err == nil && hmac.Equal(proof, raw[knownNonce:])
}

func (a *shared) proofOf(user token.UserID, nonce []byte) ([]byte, error) {
	key, err := a.deriver.Derive("known browsers", token.VendorID{}, nil, 32)
	if err != nil {
		return nil, token.Wrap(err, "derive the key of known browsers")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(user[:])
	mac.Write(nonce)
	return mac.Sum(nil)[:knownProof], nil
}
