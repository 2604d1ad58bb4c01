package login

import (
	"context"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// hasSecond reports whether a user is asked for a second factor.
func (a *shared) hasSecond(ctx context.Context, user token.UserID) (bool, error) {
	_, err := a.catalog.Authenticator(ctx, user)
	if token.CodeOf(err) == token.CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

// askSecond keeps a login, which opens nothing, until the second factor is given.
func (a *shared) askSecond(ctx context.Context, user account.User, spent credential.Spent, method account.Method) (Step, error) {
	secret, err := a.begin(ctx, credential.Attempt{Kind: credential.Second, User: user.ID, Email: user.Email, Methods: []account.Method{method}}, spent)
	return Step{Attempt: secret}, err
}

// LoginBySecond ends a login by the second factor: a code that an authenticator shows,
// or a recovery code. The code is used up only if she is in.
func (a *Login) LoginBySecond(ctx context.Context, d caller.Browser, code string) (Step, error) {
	attempt, err := a.attempt(ctx, d, credential.Second)
	if err != nil {
		return Step{}, err
	}
	user, err := a.catalog.User(ctx, attempt.User)
	if err != nil {
		return Step{}, err
	}
	tries, err := a.takeSecond(ctx, d, user, attempt.Methods)
	if err != nil {
		return Step{}, err
	}
	if err := a.try(ctx, attempt); err != nil {
		return Step{}, err
	}
	spent, err := a.checkSecond(ctx, user, code)
	spent.Attempt = attempt.Hash
	var entry Step
	if err == nil {
		entry, err = a.enter(ctx, d, user, spent, append(attempt.Methods, account.ByOTP)...)
	}
	if err != nil {
		if token.CodeOf(err) == token.CodeLoginInvalid {
			a.refuseLogin(ctx, user, "somebody who got past the first step of your login gave a wrong second code")
		}
		return Step{}, err
	}
	a.pace.GiveBack(ctx, tries)
	if spent.Step == 0 {
		a.tellOwner(ctx, user.ID, user.Email, "a recovery code was used to log in")
	}
	return entry, nil
}

// takeSecond uses up one try of a second factor. They are counted by the account, since six
// digits are soon guessed by many; but by the first step too, and in a browser that knows the owner
// apart: who knows her password keeps nobody from her second step who has read her e-mail.
func (a *shared) takeSecond(ctx context.Context, d caller.Browser, user account.User, first []account.Method) (*pace.Tries, error) {
	spent := a.pace.Try().By(paceSecond, "second", user.ID.String(), account.JoinMethods(first))
	if a.knows(user, d.Known) {
		spent = a.pace.Try().By(paceSecond, "second in a browser", user.ID.String(), d.Known)
	}
	refused, retryAt, err := spent.Take(ctx, a.clock.Now())
	if err == nil && refused >= 0 {
		err = a.slowed(ctx, user, retryAt, "too_many_requests.second_code")
	}
	return spent, err
}

// checkSecond returns what a login by a code of a user's uses up, or refuses the code. That it
// was not used before, and that there is such a recovery code, is seen when it is used up.
func (a *shared) checkSecond(ctx context.Context, user account.User, code string) (credential.Spent, error) {
	spent := credential.Spent{User: user.ID}
	wrong := token.Refuse(token.Unauthorised, "login_invalid.code_used")
	code = credential.Typed(code)
	if len(code) > 6 {
		spent.Recovery = credential.HashRecovery(code)
		return spent, nil
	}
	authenticator, err := a.catalog.Authenticator(ctx, user.ID)
	if err != nil {
		return spent, orOver(err) // switched off meanwhile
	}
	secret, err := a.openSecret(authenticator.Sealed, user.ID)
	if err != nil {
		return spent, err
	}
	step, ok, err := matchingStep(secret, code, a.clock.Now())
	if err == nil && (!ok || step <= authenticator.Step) {
		err = wrong
	}
	spent.Step = step
	return spent, err
}

// stepLength is how long an authenticator shows a code.
const stepLength = 30 * time.Second

// matchingStep returns the time step whose code this is: the present one, or the one
// before or after, for clocks that are not quite right.
func matchingStep(secret []byte, code string, now time.Time) (step int64, ok bool, err error) {
	present := now.Unix() / int64(stepLength/time.Second)
	for _, at := range []int64{present, present - 1, present + 1} {
		want, err := stepCode(secret, at)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = at, true
		}
	}
	return step, ok, nil
}

// stepCode is the code of a time step.
func stepCode(secret []byte, step int64) (string, error) {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	code, err := hotp.GenerateCodeCustom(text, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	return code, token.Wrap(err, "work out a code")
}

// sealSecret encrypts a secret of a user's for the database.
func (a *shared) sealSecret(plain []byte, user token.UserID) ([]byte, error) {
	return a.deriver.Seal(a.random, keys.AuthenticatorBox, plain, user[:])
}

// openSecret is the way back from sealSecret.
func (a *shared) openSecret(sealed []byte, user token.UserID) ([]byte, error) {
	plain, err := a.deriver.Open(keys.AuthenticatorBox, sealed, user[:])
	return plain, token.Wrap(err, "open an authenticator's secret")
}

// newRecoveryCodes makes recovery codes, as they are shown and as they are kept.
func (a *shared) newRecoveryCodes() (shown []string, kept []credential.RecoveryHash, err error) {
	for range credential.RecoveryCodes {
		var random [credential.RecoveryBytes]byte
		if err := a.random.Fill(random[:]); err != nil {
			return nil, nil, err
		}
		code := keys.Crockford.EncodeToString(random[:])
		shown = append(shown, strings.ReplaceAll(inGroups(code), " ", "-"))
		kept = append(kept, credential.HashRecovery(code))
	}
	return shown, kept, nil
}

// tellOwner mails a user that something about her login changed, and writes it into the
// security log. Neither can fail the change.
func (a *shared) tellOwner(ctx context.Context, user token.UserID, email, what string) {
	a.activity.Record(ctx, activity.Event{Code: token.CodeLoginChanged, User: user, Detail: what})
	a.mailOwner(ctx, user, email, what)
}

// mailOwner mails a user that something about her login changed.
func (a *shared) mailOwner(ctx context.Context, user token.UserID, email, what string) {
	if !a.canMail() {
		return
	}
	err := a.mail(ctx, Mail{To: email, Subject: "Your login has changed", Text: fmt.Sprintf(`On %s, %s.

If that was you, all is well. If not, log in, change your password, and look at how
you log in and where you are logged in:

%s/security/login
`, a.clock.Now().UTC().Format("2 January 2006 at 15:04 UTC"), what, a.baseURL)}, noticeLife)
	if err != nil {
		a.log.ErrorContext(ctx, "a notice about a login could not be sent", "user", user.String(), "error", err)
	}
}
