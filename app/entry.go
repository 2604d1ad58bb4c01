package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// entries is what the ways of logging in are made of, beside the password's own.
type entries struct {
	party *webauthn.WebAuthn // nil where the address permits no passkeys
}

// Door is the browser that somebody logs in with, as far as it can be told.
type Door struct {
	Address string // the network that it calls from; "" where that is not known
	Known   string // what it was given at an earlier login; "" for none
	Attempt string // the secret of the login that is under way in it; "" for none
	Agent   string // what it calls itself; "" for no browser
}

// Entry is how far a login has come: in, or up to the second factor.
type Entry struct {
	Session string // the secret of the new session; "" where the second factor is still to be given
	Attempt string // the secret of the login under way, "" once it is over
	Known   string // for the browser to keep: its owner's tries are counted apart from strangers'
	Viewer  Viewer
}

// EnterByPassword begins a login by the password. An unknown address and a wrong
// password get the same answer, after the same time.
func (a *App) EnterByPassword(ctx context.Context, d Door, email, password string) (Entry, error) {
	refused := token.Refuse(token.Unauthorised, "login_invalid.password")
	email, err := account.NormalEmail(email)
	if err != nil || len(password) > 4*account.MaxPassword {
		return Entry{}, refused
	}
	user, err := a.userByEmail(ctx, email)
	if err != nil {
		return Entry{}, err
	}
	spent, err := a.takePassword(ctx, d, user, email)
	if err != nil {
		return Entry{}, err
	}
	same, err := a.hasher.Matches(ctx, password, user.Password)
	if err != nil {
		return Entry{}, err
	}
	if !same {
		a.refuseLogin(ctx, user, "somebody tried to log in as you with a wrong password")
		return Entry{}, refused
	}
	a.giveBack(ctx, spent)
	return a.firstFactor(ctx, d, user, credential.Spent{}, account.ByPassword)
}

// LogIn opens a session by the password alone, for callers that are no browser. Who has
// a second factor does not get in this way.
func (a *App) LogIn(ctx context.Context, email, password string) (secret string, viewer Viewer, err error) {
	entry, err := a.EnterByPassword(ctx, Door{}, email, password)
	if err == nil && entry.Session == "" {
		err = token.Refuse(token.Forbidden, "second_factor_needed.needed")
	}
	return entry.Session, entry.Viewer, err
}

// userByEmail returns the user with an address, or the zero user.
func (a *App) userByEmail(ctx context.Context, email string) (account.User, error) {
	user, err := a.catalog.UserByEmail(ctx, email)
	if token.CodeOf(err) == token.CodeNotFound {
		return account.User{}, nil
	}
	return user, err
}

// firstFactor goes on after one factor has been shown: in, or to the second.
func (a *App) firstFactor(ctx context.Context, d Door, user account.User, spent credential.Spent, method account.Method) (Entry, error) {
	needed, err := a.hasSecond(ctx, user.ID)
	if err != nil {
		return Entry{}, err
	}
	if needed {
		return a.askSecond(ctx, user, spent, method)
	}
	return a.enter(ctx, d, user, spent, method)
}

// enter opens the session of somebody who has shown everything that is asked of her.
func (a *App) enter(ctx context.Context, d Door, user account.User, spent credential.Spent, methods ...account.Method) (Entry, error) {
	secret, viewer, err := a.startSession(ctx, user, spent, methods...)
	if err != nil {
		return Entry{}, err
	}
	a.lapseOld(ctx, user.Account)
	known, detail := d.Known, "You logged in"
	if !a.knows(user, known) {
		detail = "You logged in where you had not logged in before"
		if known, err = a.introduce(user); err != nil {
			return Entry{}, err
		}
	}
	a.Note(ctx, SecurityEvent{Code: token.CodeLoggedIn, User: user.ID, Detail: detail + ", with " + inWords(d, methods) + "."})
	return Entry{Session: secret, Viewer: viewer, Known: known}, nil
}

// inWords says how somebody showed who she is, and in which browser.
func inWords(d Door, methods []account.Method) string {
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
func (a *App) takePassword(ctx context.Context, d Door, user account.User, email string) (*tries, error) {
	now := a.clock.Now()
	if a.knows(user, d.Known) {
		spent := a.tries().by(paceKnown, "password in a browser", user.ID.String(), d.Known)
		refused, retryAt, err := spent.take(ctx, now)
		if err == nil && refused >= 0 {
			err = a.slowed(ctx, user, retryAt, "too_many_requests.password_browser")
		}
		return spent, err
	}
	here := func() *tries {
		return a.tries().by(paceHere, "password from a network", email, d.Address).from(paceNetwork, "passwords", d)
	}
	spent := here().by(paceAccount, "password", email)
	account := spent.last()
	refused, retryAt, err := spent.take(ctx, now)
	if err == nil && refused == account && !a.canMail() {
		spent = here().by(paceFew, "few passwords from a network", email, d.Address)
		refused, retryAt, err = spent.take(ctx, now)
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
func (a *App) slowed(ctx context.Context, user account.User, retryAt time.Time, why token.Reason) error {
	if !user.ID.IsZero() {
		a.Note(ctx, SecurityEvent{Code: token.CodeThrottled, User: user.ID, Detail: "too many tries to log in as you; more were refused for a while"})
	}
	return tooOften(retryAt, why, token.Word("ways", a.otherWays()))
}

// otherWays names the ways in that no stranger can close.
func (a *App) otherWays() string {
	if a.canMail() {
		return "other_ways_by_mail"
	}
	return "other_ways"
}

// refuseLogin writes down that a login was refused, where somebody is concerned.
func (a *App) refuseLogin(ctx context.Context, user account.User, detail string) {
	if user.ID.IsZero() {
		a.log.InfoContext(ctx, "login refused, no such user")
		return
	}
	a.Note(ctx, SecurityEvent{Code: token.CodeLoginInvalid, User: user.ID, Detail: detail})
}

// The lengths of what a browser is known by: a random part, and its proof.
const (
	knownNonce = 16
	knownProof = 16
)

// introduce returns what a browser is known by from now on.
func (a *App) introduce(user account.User) (string, error) {
	var nonce [knownNonce]byte
	if err := a.dice.fill(nonce[:]); err != nil {
		return "", err
	}
	proof, err := a.proofOf(user.ID, nonce[:])
	return base64.RawURLEncoding.EncodeToString(append(nonce[:], proof...)), err
}

// knows reports whether a browser has logged in as the user before.
func (a *App) knows(user account.User, known string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(known) // in one way: tries are counted by it
	if err != nil || len(raw) != knownNonce+knownProof || user.ID.IsZero() {
		return false
	}
	proof, err := a.proofOf(user.ID, raw[:knownNonce])
	return err == nil && hmac.Equal(proof, raw[knownNonce:])
}

func (a *App) proofOf(user token.UserID, nonce []byte) ([]byte, error) {
	key, err := a.keys.derive("known browsers", token.VendorID{}, nil, 32)
	if err != nil {
		return nil, token.Wrap(err, "derive the key of known browsers")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(user[:])
	mac.Write(nonce)
	return mac.Sum(nil)[:knownProof], nil
}

// freshFor is for how long after an authentication the ways of logging in can be changed.
const freshFor = 10 * time.Minute

// Fresh reports whether the viewer has authenticated so lately that she can change how
// she logs in.
func (v Viewer) Fresh(now time.Time) bool { return now.UnixMilli() < v.AuthAt+freshFor.Milliseconds() }

// needFresh refuses a viewer who has not authenticated lately.
func (v Viewer) needFresh(now time.Time) error {
	if v.Fresh(now) {
		return nil
	}
	return token.Refuse(token.Forbidden, "login_stale.changes_login")
}
