package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/token"
)

// How long what is issued to vendors' sites is good for. A refresh token is good for
// refreshLife after its issue, and never longer than the login at the provider.
const (
	codeLife    = time.Minute
	accessLife  = 10 * time.Minute
	refreshLife = 14 * 24 * time.Hour
	askedLife   = 15 * time.Minute // to log in again, where a site asked for it

	// refreshGrace is for how long a refresh token that was used is answered in the same way,
	// as long as what it was changed for was not used: its answer may have been lost.
	refreshGrace = 30 * time.Second

	// unansweredLife is for how long it is known when the database failed to answer whether a
	// code or a refresh token was taken: a failover takes a minute, and sites try again after it.
	unansweredLife  = 10 * time.Minute
	unansweredTries = 100
)

// LoginInput is a reader's login at a vendor's site, as the site asked for it.
type LoginInput struct {
	Client    grant.Client
	Redirect  string
	Challenge string // S256 (RFC 7636)
	Nonce     string
	Offline   bool // with refresh tokens
	TellAuth  bool // tell when she proved who she is
}

// Issued is what a site gets for a code or a refresh token.
type Issued struct {
	Who
	Nonce   string // of the request; "" when refreshed
	Access  string
	Refresh string        // "" where none is issued
	Life    time.Duration // of Access
	AuthAt  time.Time     // zero where it is not told
}

// Who is a reader as one vendor knows her.
type Who struct {
	Reader  token.ReaderID
	Session string // names the login to this vendor: unlike what any other vendor sees
}

// Client returns the client with an id, or CodeClientUnknown.
func (a *OAuth) Client(ctx context.Context, id string) (grant.Client, error) {
	unknown := token.Refuse(token.Unauthorised, "client_unknown.site")
	parsed, err := token.ParseID[token.ClientKind](id)
	if err != nil {
		return grant.Client{}, unknown
	}
	client, err := a.catalog.Client(ctx, parsed)
	if token.CodeOf(err) == token.CodeNotFound {
		err = unknown
	}
	return client, err
}

// ProveClient returns the client if the secret is its own. A public client has none.
func (a *OAuth) ProveClient(ctx context.Context, id, secret string) (grant.Client, error) {
	client, err := a.Client(ctx, id)
	if err != nil {
		return client, err
	}
	if client.Public() && secret == "" || !client.Public() && client.Secret.Equal(grant.HashOf(secret)) {
		return client, nil
	}
	a.activity.Record(ctx, activity.Event{Code: token.CodeClientUnknown, Vendor: client.Vendor, Detail: "A wrong secret was given for the site " + client.Name + "."})
	return grant.Client{}, token.Refuse(token.Unauthorised, "client_unknown.secret")
}

// IssueCode returns the code by which a site gets to know that the viewer is there.
func (a *OAuth) IssueCode(ctx context.Context, v caller.Viewer, in LoginInput) (code string, err error) {
	now := a.clock.Now()
	if err := a.codes.Take(v.Session.String(), now); err != nil {
		return "", err
	}
	g := grant.Grant{
		ID: token.NewID[token.GrantKind](a.ids), Client: in.Client.ID, Vendor: in.Client.Vendor, User: v.User, Session: v.Session,
		CodeUntil: now.Add(codeLife).UnixMilli(), Redirect: in.Redirect, Challenge: in.Challenge, Nonce: in.Nonce, Offline: in.Offline,
		CreatedAt: now.UnixMilli(),
	}
	if in.TellAuth {
		g.AuthAt = coarse(v.AuthAt, now)
	}
	if code, g.Code, err = a.newSecret(""); err != nil {
		return "", err
	}
	return code, a.catalog.AddGrant(ctx, g)
}

// coarse blurs the moment of a login to the end of its minute: to the second, it would
// be the same unlikely number at every vendor.
func coarse(at int64, now time.Time) int64 {
	minute := time.Minute.Milliseconds()
	return min((at+minute-1)/minute*minute, now.Truncate(time.Second).UnixMilli())
}

// ChangeCode changes a code into tokens, once. A code that was presented before ends
// everything that was issued for it: somebody has a copy. So does any wrong detail. Where the
// database failed to answer, the code can be presented here again.
func (a *OAuth) ChangeCode(ctx context.Context, client grant.Client, code, redirect, verifier string) (Issued, error) {
	now := a.clock.Now().UnixMilli()
	next, err := a.newTokens("")
	if err != nil {
		return Issued{}, err
	}
	var issued Issued
	var refusal *refusedGrant
	hash := grant.HashOf(code)
	unanswered := a.unanswered.Remembered(hash)
	err = a.catalog.TakeCode(ctx, hash, now, func(g grant.Grant) (verdict grant.Verdict, err error) {
		if slices.Contains(unanswered, g.CodeUsed) { // here, and nobody was given anything for it
			g.CodeUsed = 0
		}
		if refusal = judgeCode(client, g, redirect, verifier, now); refusal != nil {
			return grant.Verdict{End: true}, nil
		}
		issued, verdict.Tokens, err = a.issue(g, next)
		issued.Nonce = g.Nonce
		return verdict, err
	})
	a.noteTaken(hash, now, unanswered, err)
	return a.answerGrant(ctx, issued, refusal, err, "grant_invalid.code_unknown")
}

// noteTaken remembers when a code or a refresh token was taken without an answer of the
// database, beside the earlier times; and forgets them when it answered.
func (a *OAuth) noteTaken(hash grant.Hash, at int64, earlier []int64, err error) {
	switch {
	case err == nil:
		a.unanswered.Drop(hash)
	case token.CodeOf(err) == token.CodeCommitUnknown && len(earlier) < unansweredTries:
		a.unanswered.Set(hash, append(slices.Clip(earlier), at))
	}
}

// refusedGrant is why a code or a refresh token is refused.
type refusedGrant struct {
	grant  grant.Grant
	reason token.Reason // for the site
	wrong  string       // for the user and the vendor, where somebody did what nobody should
}

// judgeCode says what is wrong with a code that was presented, or nil.
func judgeCode(client grant.Client, g grant.Grant, redirect, verifier string, now int64) *refusedGrant {
	var wrong string
	switch {
	case g.Client != client.ID:
		wrong = "A login code was presented by another site than the one it was made for."
	case g.CodeUsed != 0:
		wrong = "A login code was presented a second time. What was issued for it has ended."
	case g.EndedAt != 0 || now >= g.CodeUntil:
		return &refusedGrant{g, "grant_invalid.code_expired", ""}
	case redirect != g.Redirect:
		wrong = "A login code was presented with another redirect URI than it was sent to."
	case !g.ProvenBy(verifier):
		wrong = "A login code was presented without the right PKCE verifier."
	default:
		return nil
	}
	return &refusedGrant{g, "grant_invalid.code_refused", wrong}
}

// RefreshLogin changes a refresh token into new tokens, once. One that was used before
// ends everything of its login, because somebody has a copy; but for half a minute, and as
// long as its successor was not used, it is answered with the same successor: the first
// answer may not have arrived. Where the database failed to answer here, that may take longer.
func (a *OAuth) RefreshLogin(ctx context.Context, client grant.Client, refresh string) (Issued, error) {
	now := a.clock.Now().UnixMilli()
	next, err := a.newTokens(refresh)
	if err != nil {
		return Issued{}, err
	}
	var issued Issued
	var refusal *refusedGrant
	hash := grant.HashOf(refresh)
	unanswered := a.unanswered.Remembered(hash)
	err = a.catalog.TakeRefresh(ctx, hash, grant.HashOf(next.refresh), now, func(taken grant.Taken) (verdict grant.Verdict, err error) {
		if refusal = judgeRefresh(client, taken, now, slices.Contains(unanswered, taken.Token.UsedAt)); refusal != nil {
			return grant.Verdict{End: true}, nil
		}
		issued, verdict.Tokens, err = a.issue(taken.Grant, next)
		if taken.Token.UsedAt != 0 { // the successor is there already
			verdict.Tokens = slices.DeleteFunc(verdict.Tokens, func(t grant.Token) bool { return t.Use == grant.Refresh })
		}
		return verdict, err
	})
	a.noteTaken(hash, now, unanswered, err)
	return a.answerGrant(ctx, issued, refusal, err, "grant_invalid.refresh_unknown")
}

// judgeRefresh says what is wrong with a refresh token that was presented, or nil. unanswered
// is whether its use is known to have had no answer.
func judgeRefresh(client grant.Client, taken grant.Taken, now int64, unanswered bool) *refusedGrant {
	t, g := taken.Token, taken.Grant
	unanswered = t.UsedAt != 0 && (unanswered || now < t.UsedAt+refreshGrace.Milliseconds()) && !taken.Next.Hash.IsZero() && taken.Next.UsedAt == 0
	switch {
	case g.Client != client.ID:
		return &refusedGrant{g, "grant_invalid.refresh_refused", "A refresh token was presented by another site than the one it was made for."}
	case t.UsedAt != 0 && !unanswered:
		return &refusedGrant{g, "grant_invalid.refresh_refused", "A refresh token was presented a second time. The login at the site has ended."}
	case g.EndedAt != 0 || now >= t.Until:
		return &refusedGrant{g, "grant_invalid.refresh_expired", ""}
	}
	return nil
}

// answerGrant answers what became of a code or a refresh token. What is wrong is told to the
// user and the vendor.
func (a *OAuth) answerGrant(ctx context.Context, issued Issued, refusal *refusedGrant, err error, unknown token.Reason) (Issued, error) {
	switch {
	case token.CodeOf(err) == token.CodeNotFound:
		return Issued{}, grantRefused(unknown)
	case err != nil:
		return Issued{}, err
	case refusal == nil:
		return issued, nil
	}
	if refusal.wrong != "" {
		a.activity.Record(ctx, activity.Event{Code: token.CodeGrantInvalid, Vendor: refusal.grant.Vendor, User: refusal.grant.User, Detail: refusal.wrong})
	}
	return Issued{}, grantRefused(refusal.reason)
}

// newTokens are the secrets of tokens to be issued, before it is known for which grant.
type newTokens struct{ access, refresh string }

// newTokens makes the secrets of tokens. The refresh token that follows another one follows
// from it and the provider's secret, so that whoever asks again is given the same.
func (a *OAuth) newTokens(after string) (next newTokens, err error) {
	if next.access, err = a.random.Secret(); err != nil {
		return next, err
	}
	if after == "" {
		next.refresh, err = a.random.Secret()
		return next, err
	}
	hash := grant.HashOf(after)
	secret, err := a.deriver.Derive("next refresh token", token.VendorID{}, append(hash[:], after...), 32)
	next.refresh = base64.RawURLEncoding.EncodeToString(secret)
	return next, token.Wrap(err, "make a refresh token")
}

// issue makes tokens for a grant.
func (a *OAuth) issue(g grant.Grant, next newTokens) (Issued, []grant.Token, error) {
	who, err := a.who(g)
	if err != nil {
		return Issued{}, nil, err
	}
	now := a.clock.Now()
	issued := Issued{Who: who, Life: accessLife, Access: next.access}
	if g.AuthAt != 0 {
		issued.AuthAt = token.TimeAt(g.AuthAt)
	}
	tokens := []grant.Token{{
		Hash: grant.HashOf(next.access), Grant: g.ID, Use: grant.Access, Until: now.Add(accessLife).UnixMilli(), CreatedAt: now.UnixMilli(),
	}}
	if g.Offline {
		issued.Refresh = next.refresh
		tokens = append(tokens, grant.Token{
			Hash: grant.HashOf(next.refresh), Grant: g.ID, Use: grant.Refresh, Until: now.Add(refreshLife).UnixMilli(), CreatedAt: now.UnixMilli(),
		})
	}
	return issued, tokens, nil
}

// who returns the reader of a grant as its vendor knows her.
func (a *OAuth) who(g grant.Grant) (who Who, err error) {
	if who.Reader, err = a.deriver.Pseudonym(g.Vendor, g.User); err == nil {
		who.Session, err = a.SessionName(g.Vendor, g.Session)
	}
	return who, err
}

// SessionName returns the name of a login for one vendor: the claim sid.
func (a *OAuth) SessionName(vendor token.VendorID, session token.SessionID) (string, error) {
	name, err := a.deriver.DeriveLasting("login at a vendor", vendor, session[:], 16)
	return base64.RawURLEncoding.EncodeToString(name), token.Wrap(err, "name a login")
}

func grantRefused(reason token.Reason) error {
	return token.Refuse(token.Malformed, reason)
}

// Bearer returns the reader that an access token stands for.
func (a *OAuth) Bearer(ctx context.Context, access string) (Who, error) {
	now := a.clock.Now().UnixMilli()
	t, g, err := a.catalog.FindToken(ctx, grant.HashOf(access), now)
	if err == nil && (t.Use != grant.Access || g.EndedAt != 0 || now >= t.Until) || token.CodeOf(err) == token.CodeNotFound {
		return Who{}, token.Refuse(token.Unauthorised, "unauthorised.access_token")
	}
	if err != nil {
		return Who{}, err
	}
	return a.who(g)
}

// GiveBack ends the login that a client's token belongs to (RFC 7009). A token that is not
// there, or another client's, is no matter.
func (a *OAuth) GiveBack(ctx context.Context, client grant.Client, secret string) error {
	now := a.clock.Now().UnixMilli()
	_, g, err := a.catalog.FindToken(ctx, grant.HashOf(secret), now)
	if token.CodeOf(err) == token.CodeNotFound || err == nil && g.Client != client.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return a.catalog.EndGrant(ctx, g.ID, now)
}

// AskedAgain seals the present moment to a request for a fresh login, so that whoever
// sits before the browser cannot pretend that it was answered already.
func (a *OAuth) AskedAgain(request string) (string, error) {
	return a.sealMoment(a.clock.Now().UnixMilli(), request)
}

func (a *OAuth) sealMoment(at int64, request string) (string, error) {
	moment := binary.BigEndian.AppendUint64(nil, uint64(at))
	sum := sha256.Sum256([]byte(request))
	mac, err := a.deriver.Derive("fresh login", token.VendorID{}, append(moment, sum[:]...), 16)
	return base64.RawURLEncoding.EncodeToString(append(moment, mac...)), token.Wrap(err, "seal a moment")
}

// AnsweredAgain reports whether the viewer has proved who she is since AskedAgain sealed
// the moment for this request, a few minutes ago at most.
func (a *OAuth) AnsweredAgain(v caller.Viewer, sealed, request string) (bool, error) {
	moment, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(moment) != 8+16 {
		return false, nil
	}
	at := int64(binary.BigEndian.Uint64(moment))
	right, err := a.sealMoment(at, request)
	if err != nil || subtle.ConstantTimeCompare([]byte(right), []byte(sealed)) != 1 {
		return false, err
	}
	return v.AuthAt >= at && a.clock.Now().Sub(token.TimeAt(at)) < askedLife, nil
}
