package login

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// maxAnswer bounds what a browser says about a passkey, in bytes.
const maxAnswer = 16 << 10

// newParty returns the provider as a relying party of Web Authentication, or nil where
// its address is a number, to which no passkey can belong.
func newParty(baseURL string) *webauthn.WebAuthn {
	base, err := url.Parse(baseURL)
	if err != nil || base.Hostname() == "" || net.ParseIP(base.Hostname()) != nil {
		return nil
	}
	party, err := webauthn.New(&webauthn.Config{
		RPID: base.Hostname(), RPDisplayName: base.Hostname(), RPOrigins: []string{base.Scheme + "://" + base.Host},
		AttestationPreference: protocol.PreferNoAttestation,
	})
	if err != nil {
		return nil
	}
	return party
}

// holder is a user as the library wants her.
type holder struct {
	account.User
	passkeys []credential.Passkey
}

var _ webauthn.User = (*holder)(nil)

func (h *holder) WebAuthnID() []byte { return h.ID[:] }

func (h *holder) WebAuthnName() string { return h.Email }

func (h *holder) WebAuthnDisplayName() string { return h.Name }

func (h *holder) WebAuthnCredentials() []webauthn.Credential {
	all := make([]webauthn.Credential, len(h.passkeys))
	for i, p := range h.passkeys {
		all[i] = webauthn.Credential{
			ID: p.ID, PublicKey: p.Public, Authenticator: webauthn.Authenticator{SignCount: p.SignCount},
			Flags: webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: p.Eligible, BackupState: p.BackedUp},
		}
		for word := range strings.FieldsSeq(p.Transports) {
			all[i].Transport = append(all[i].Transport, protocol.AuthenticatorTransport(word))
		}
	}
	return all
}

// CanPasskey reports whether this provider's address permits passkeys.
func (a *Login) CanPasskey() bool { return a.party != nil }

func (a *shared) needParty() error {
	if a.party != nil {
		return nil
	}
	return token.Refuse(token.Unprocessable, "passkey_invalid.no_name")
}

func passkeyRefused(cause error) error {
	return token.Refuse(token.Unauthorised, "passkey_invalid.not_accepted").Because(cause)
}

// challenge writes down what a passkey is asked to sign, and returns the options for
// the browser and the secret of the attempt.
func (a *shared) challenge(ctx context.Context, attempt credential.Attempt, options any, session *webauthn.SessionData) (written []byte, secret string, err error) {
	if attempt.State, err = json.Marshal(session); err != nil {
		return nil, "", token.Wrap(err, "write a challenge")
	}
	if written, err = json.Marshal(options); err != nil {
		return nil, "", token.Wrap(err, "write the options of a passkey")
	}
	secret, err = a.begin(ctx, attempt)
	return written, secret, err
}

// BeginPasskeyLogin returns what a browser asks its passkeys to sign, as JSON
// (PublicKeyCredentialRequestOptions of Web Authentication Level 3).
func (a *Login) BeginPasskeyLogin(ctx context.Context, d caller.Browser) (options []byte, attempt string, err error) {
	if err := a.needParty(); err != nil {
		return nil, "", err
	}
	if _, err := a.pace.TakeNetwork(ctx, paceNetwork, "passkeys", d); err != nil {
		return nil, "", err
	}
	assertion, session, err := a.party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, "", token.Wrap(err, "make a challenge")
	}
	return a.challenge(ctx, credential.Attempt{Kind: credential.Assertion}, assertion.Response, session)
}

// LoginByPasskey ends a login by what a passkey signed. A passkey has verified its user,
// so it is both factors at once.
func (a *Login) LoginByPasskey(ctx context.Context, d caller.Browser, answer string) (Step, error) {
	if err := a.needParty(); err != nil {
		return Step{}, err
	}
	attempt, session, err := a.answered(ctx, d, credential.Assertion)
	if err != nil {
		return Step{}, err
	}
	if err := a.finish(ctx, attempt); err != nil { // one answer for each challenge
		return Step{}, err
	}
	if len(answer) > maxAnswer {
		return Step{}, passkeyRefused(nil)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return Step{}, passkeyRefused(err)
	}
	var owner holder
	_, used, err := a.party.ValidatePasskeyLogin(func(id, handle []byte) (webauthn.User, error) {
		owner, err = a.holderOf(ctx, id, handle)
		return &owner, err
	}, session, parsed)
	if err != nil {
		a.refuseLogin(ctx, owner.User, "a passkey of yours was refused: what it signed was not for this login")
		return Step{}, passkeyRefused(err)
	}
	passkey := owner.passkeys[0]
	passkey.SignCount, passkey.BackedUp, passkey.UsedAt = parsed.Response.AuthenticatorData.Counter, used.Flags.BackupState, a.clock.Now().UnixMilli()
	err = a.catalog.UsePasskey(ctx, passkey)
	if used.Authenticator.CloneWarning || token.CodeOf(err) == token.CodeStale {
		a.activity.Record(ctx, activity.Event{Code: token.CodePasskeyCopied, User: owner.ID, Detail: "a passkey of yours was refused: its count went back, so there may be a copy of it; remove it"})
		return Step{}, passkeyRefused(err)
	}
	if err != nil {
		return Step{}, err
	}
	a.pace.GiveBack(ctx, a.pace.Try().From(paceNetwork, "passkeys", d))
	return a.enter(ctx, d, owner.User, credential.Spent{}, account.ByKey)
}

// answered returns the attempt of a kind that is under way, and its challenge.
func (a *shared) answered(ctx context.Context, d caller.Browser, kind credential.Kind) (credential.Attempt, webauthn.SessionData, error) {
	var session webauthn.SessionData
	attempt, err := a.attempt(ctx, d, kind)
	if err == nil {
		err = token.Wrap(json.Unmarshal(attempt.State, &session), "read a challenge")
	}
	return attempt, session, err
}

// holderOf returns whose passkey this is, with this passkey only.
func (a *shared) holderOf(ctx context.Context, id, handle []byte) (holder, error) {
	if len(id) > credential.MaxCredentialID {
		return holder{}, passkeyRefused(nil)
	}
	passkey, err := a.catalog.Passkey(ctx, id)
	if err != nil {
		return holder{}, err
	}
	if string(handle) != string(passkey.User[:]) {
		return holder{}, passkeyRefused(nil)
	}
	user, err := a.catalog.User(ctx, passkey.User)
	return holder{User: user, passkeys: []credential.Passkey{passkey}}, err
}

// BeginPasskey returns what a browser makes a new passkey from, as JSON
// (PublicKeyCredentialCreationOptions), for the viewer.
func (a *Methods) BeginPasskey(ctx context.Context, v caller.Viewer) (options []byte, attempt string, err error) {
	if err := a.needParty(); err != nil {
		return nil, "", err
	}
	if err := v.NeedFresh(a.clock.Now()); err != nil {
		return nil, "", err
	}
	owner, err := a.holder(ctx, v)
	if err != nil {
		return nil, "", err
	}
	creation, session, err := a.party.BeginRegistration(owner,
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
		}),
		webauthn.WithExclusions(webauthn.Credentials(owner.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return nil, "", token.Wrap(err, "make a challenge")
	}
	return a.challenge(ctx, credential.Attempt{Kind: credential.Enrolment, User: v.User}, creation.Response, session)
}

// holder returns the viewer with all her passkeys, unless she has too many.
func (a *shared) holder(ctx context.Context, v caller.Viewer) (*holder, error) {
	user, err := a.catalog.User(ctx, v.User)
	if err != nil {
		return nil, err
	}
	passkeys, err := a.catalog.Passkeys(ctx, v.User)
	if err == nil && len(passkeys) >= credential.MaxPasskeys {
		err = token.Refuse(token.Conflict, "passkey_invalid.full", token.Number("most", credential.MaxPasskeys))
	}
	return &holder{User: user, passkeys: passkeys}, err
}

// AddPasskey adds the passkey that a browser has made.
func (a *Methods) AddPasskey(ctx context.Context, v caller.Viewer, d caller.Browser, name, answer string) error {
	if err := a.needParty(); err != nil {
		return err
	}
	if err := v.NeedFresh(a.clock.Now()); err != nil {
		return err
	}
	name, err := credential.CheckPasskeyName(name)
	if err != nil {
		return err
	}
	attempt, session, err := a.answered(ctx, d, credential.Enrolment)
	if err != nil {
		return err
	}
	if attempt.User != v.User {
		return loginOver()
	}
	owner, err := a.holder(ctx, v)
	if err != nil {
		return err
	}
	made, err := a.create(owner, session, answer)
	if err != nil { // one answer for each challenge
		if problem := a.finish(ctx, attempt); problem != nil {
			return problem
		}
		return err
	}
	transports := make([]string, len(made.Transport))
	for i, t := range made.Transport {
		transports[i] = string(t)
	}
	err = a.catalog.AddPasskey(ctx, credential.Passkey{
		ID: made.ID, User: v.User, Name: name, Public: made.PublicKey, SignCount: made.Authenticator.SignCount, Transports: strings.Join(transports, " "),
		Eligible: made.Flags.BackupEligible, BackedUp: made.Flags.BackupState, CreatedAt: a.clock.Now().UnixMilli(),
	}, credential.Spent{Attempt: attempt.Hash})
	if err != nil {
		return err
	}
	a.tellOwner(ctx, v.User, v.Email, "a passkey was added to your login")
	return nil
}

// create checks what a browser says about a new passkey.
func (a *shared) create(owner *holder, session webauthn.SessionData, answer string) (*webauthn.Credential, error) {
	refused := token.Refuse(token.Unprocessable, "passkey_invalid.not_added")
	if len(answer) > maxAnswer {
		return nil, refused
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		refused.Cause = err
		return nil, refused
	}
	made, err := a.party.CreateCredential(owner, session, parsed)
	if err != nil {
		refused.Cause = err
		return nil, refused
	}
	return made, nil
}

// RenamePasskey changes what the viewer calls a passkey.
func (a *Methods) RenamePasskey(ctx context.Context, v caller.Viewer, id []byte, name string) error {
	if err := v.NeedFresh(a.clock.Now()); err != nil {
		return err
	}
	name, err := credential.CheckPasskeyName(name)
	if err != nil {
		return err
	}
	if err := a.catalog.RenamePasskey(ctx, v.User, id, name); err != nil {
		return err
	}
	a.tellOwner(ctx, v.User, v.Email, "a passkey of your login was given another name")
	return nil
}

// DropPasskey removes a passkey of the viewer's.
func (a *Methods) DropPasskey(ctx context.Context, v caller.Viewer, id []byte) error {
	if err := v.NeedFresh(a.clock.Now()); err != nil {
		return err
	}
	if err := a.catalog.DropPasskey(ctx, v.User, id); err != nil {
		return err
	}
	a.tellOwner(ctx, v.User, v.Email, "a passkey was removed from your login")
	return nil
}
