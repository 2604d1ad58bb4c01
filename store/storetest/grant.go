package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/token"
)

func (s *shelf) client(t *testing.T) grant.Client {
	t.Helper()
	vendor, _, _ := s.vendor(t)
	id := token.NewID[token.ClientKind](s.ids)
	client := grant.Client{
		ID: id, Vendor: vendor.ID, Name: "Website", Secret: grant.Hash{4}, CreatedAt: 6,
		Redirects: []string{"https://daily.example/back"}, AfterLogout: []string{"https://daily.example/"}, Backchannel: "https://daily.example/out/" + id.String(),
	}
	must(t, s.AddClient(t.Context(), client))
	return client
}

// logouts claims the logouts that are to be told at a millisecond, until another.
func (s *shelf) logouts(t *testing.T, at, until int64) (due []grant.Logout, messages []delivery.Message) {
	t.Helper()
	batches, err := s.ClaimDeliveries(t.Context(), delivery.Ask{Kind: delivery.Logout, Now: at, Until: until, Receivers: 300, Each: 300})
	must(t, err)
	for _, b := range batches {
		for _, m := range b.Messages {
			l, err := s.Logout(t.Context(), token.GrantID(m.ID))
			must(t, err)
			due, messages = append(due, l), append(messages, m)
		}
	}
	return due, messages
}

// session adds a session that ends at a millisecond.
func (s *shelf) session(t *testing.T, until int64) account.Session {
	t.Helper()
	user, owned := s.user("")
	must(t, s.AddUser(t.Context(), user, owned))
	id := token.NewID[token.SessionKind](s.ids)
	session := account.Session{ID: id, Hash: account.SessionHash(grant.HashOf(id.String())), User: user.ID, Account: owned.ID, LoginAt: 1, ExpiresAt: until}
	must(t, s.AddSession(t.Context(), session, user.Password))
	return session
}

func (s *shelf) grant(t *testing.T, client grant.Client, session account.Session) grant.Grant {
	t.Helper()
	id := token.NewID[token.GrantKind](s.ids)
	g := grant.Grant{
		ID: id, Client: client.ID, Vendor: client.Vendor, User: session.User, Session: session.ID, Code: grant.HashOf(id.String()), CodeUntil: 60,
		Redirect: "https://daily.example/back", Challenge: "c", Nonce: "n", Offline: true, AuthAt: 3, CreatedAt: 5,
	}
	must(t, s.AddGrant(t.Context(), g))
	return g
}

// takeCode presents a code, and returns its grant as it was before.
func (s *shelf) takeCode(ctx context.Context, code grant.Hash, at int64, tokens ...grant.Token) (g grant.Grant, err error) {
	err = s.TakeCode(ctx, code, at, func(before grant.Grant) (grant.Verdict, error) {
		g = before
		return grant.Verdict{Tokens: tokens}, nil
	})
	return g, err
}

// takeRefresh presents a refresh token, and returns it as it was before.
func (s *shelf) takeRefresh(ctx context.Context, hash, next grant.Hash, at int64, tokens ...grant.Token) (taken grant.Taken, err error) {
	err = s.TakeRefresh(ctx, hash, next, at, func(before grant.Taken) (grant.Verdict, error) {
		taken = before
		return grant.Verdict{Tokens: tokens}, nil
	})
	return taken, err
}

func testClients(t *testing.T, s *shelf) {
	client := s.client(t)
	other := s.client(t)
	found, err := s.Client(t.Context(), client.ID)
	same(t, found, err, client)
	wantCode(t, s.SetClientSecret(t.Context(), other.Vendor, client.ID, grant.Hash{9}), token.CodeNotFound)
	must(t, s.SetClientSecret(t.Context(), client.Vendor, client.ID, grant.Hash{5}))
	client.Secret = grant.Hash{5}
	all, err := s.Clients(t.Context(), client.Vendor)
	same(t, all, err, []grant.Client{client})

	g := s.grant(t, client, s.session(t, 100))
	_, err = s.takeCode(t.Context(), g.Code, 6, grant.Token{Hash: grant.Hash{1}, Grant: g.ID, Use: grant.Access, Until: 50, CreatedAt: 6})
	must(t, err)
	wantCode(t, s.RemoveClient(t.Context(), other.Vendor, client.ID, 7), token.CodeNotFound)
	must(t, s.RemoveClient(t.Context(), client.Vendor, client.ID, 7))
	_, err = s.Client(t.Context(), client.ID)
	wantCode(t, err, token.CodeNotFound)
	_, _, err = s.FindToken(t.Context(), grant.Hash{1}, 8)
	wantCode(t, err, token.CodeNotFound)
	taken, err := s.takeCode(t.Context(), g.Code, 8)
	g.CodeUsed, g.EndedAt = 6, 7
	same(t, taken, err, g)

	user := token.NewID[token.UserKind](s.ids)
	for _, want := range []bool{false, true, true} {
		agreed, err := s.Consented(t.Context(), user, client.Vendor)
		same(t, agreed, err, want)
		must(t, s.AddConsent(t.Context(), user, client.Vendor, 9))
	}
	agreed, err := s.Consented(t.Context(), user, other.Vendor)
	same(t, agreed, err, false)
}

// testWithdrawals takes a consent back: what was issued to the vendor for the user ends in
// all her sessions, the client is told once of each, and nothing else ends.
func testWithdrawals(t *testing.T, s *shelf) {
	ctx := t.Context()
	client, other := s.client(t), s.client(t)
	one := s.session(t, 1000)
	two := one
	two.ID, two.Hash = token.NewID[token.SessionKind](s.ids), account.SessionHash{7, 7}
	must(t, s.AddSession(ctx, two, "hash"))
	mine := []grant.Grant{s.grant(t, client, one), s.grant(t, client, two), s.grant(t, client, two)}
	elsewhere, somebodys := s.grant(t, other, one), s.grant(t, client, s.session(t, 1000))
	for n, g := range append(mine, elsewhere, somebodys) {
		_, err := s.takeCode(ctx, g.Code, 10, grant.Token{Hash: grant.Hash{9, byte(n)}, Grant: g.ID, Use: grant.Access, Until: 500, CreatedAt: 10})
		must(t, err)
		must(t, s.AddConsent(ctx, g.User, g.Vendor, int64(5+n)))
	}
	consents, err := s.Consents(ctx, one.User)
	same(t, consents, err, []grant.Consent{{Vendor: other.Vendor, At: 8}, {Vendor: client.Vendor, At: 5}})

	must(t, s.Withdraw(ctx, one.User, client.Vendor, 20))
	wantCode(t, s.Withdraw(ctx, one.User, client.Vendor, 21), token.CodeNotFound)
	consents, err = s.Consents(ctx, one.User)
	same(t, consents, err, []grant.Consent{{Vendor: other.Vendor, At: 8}})
	for n := range 5 {
		_, _, err := s.FindToken(ctx, grant.Hash{9, byte(n)}, 30)
		if ended := token.CodeOf(err) == token.CodeNotFound; ended != (n < 3) {
			t.Errorf("the token of grant %d: %v", n, err)
		}
	}
	due, _ := s.logouts(t, 30, 40)
	told := map[token.SessionID]int{}
	for _, logout := range due {
		if logout.User != one.User || logout.Vendor != client.Vendor {
			t.Errorf("told of %+v", logout)
		}
		told[logout.Session]++
	}
	same(t, told, nil, map[token.SessionID]int{one.ID: 1, two.ID: 1})

	many := s.session(t, 1000)
	must(t, s.AddConsent(ctx, many.User, client.Vendor, 50))
	var last grant.Grant
	for range 201 { // more than end in one transaction
		last = s.grant(t, client, many)
		_, err := s.takeCode(ctx, last.Code, 50)
		must(t, err)
	}
	must(t, s.Withdraw(ctx, many.User, client.Vendor, 60))
	due, _ = s.logouts(t, 70, 80)
	due = slices.DeleteFunc(due, func(l grant.Logout) bool { return l.User != many.User })
	if len(due) != 1 || due[0].Grant != last.ID {
		t.Errorf("told of %+v, want the newest only", due)
	}
	agreed, err := s.Consented(ctx, many.User, client.Vendor)
	same(t, agreed, err, false)
}

func testGrants(t *testing.T, s *shelf) {
	ctx := t.Context()
	session := s.session(t, 100)
	g := s.grant(t, s.client(t), session)
	access := grant.Token{Hash: grant.Hash{1}, Grant: g.ID, Use: grant.Access, Until: 50, CreatedAt: 12}
	refresh := grant.Token{Hash: grant.Hash{2}, Grant: g.ID, Use: grant.Refresh, Until: 90, CreatedAt: 12}
	broken := errors.New("what is to be issued cannot be made")
	err := s.TakeCode(ctx, g.Code, 9, func(grant.Grant) (grant.Verdict, error) { return grant.Verdict{}, broken })
	if err == nil {
		t.Error("the error was lost")
	}
	taken, err := s.takeCode(ctx, g.Code, 10, access, refresh) // nothing had happened
	same(t, taken, err, g)
	g.CodeUsed = 10
	taken, err = s.takeCode(ctx, g.Code, 11)
	same(t, taken, err, g)

	found, of, err := s.FindToken(ctx, access.Hash, 13)
	same(t, found, err, access)
	same(t, of, err, g)
	_, err = s.takeRefresh(ctx, access.Hash, grant.Hash{3}, 13)
	wantCode(t, err, token.CodeNotFound)
	err = s.TakeRefresh(ctx, refresh.Hash, grant.Hash{3}, 13, func(grant.Taken) (grant.Verdict, error) { return grant.Verdict{}, broken })
	if err == nil {
		t.Error("the error was lost")
	}
	next := grant.Token{Hash: grant.Hash{3}, Grant: g.ID, Use: grant.Refresh, Until: 90, CreatedAt: 13}
	changed, err := s.takeRefresh(ctx, refresh.Hash, next.Hash, 13, next)
	same(t, changed, err, grant.Taken{Token: refresh, Grant: g})
	refresh.UsedAt = 13
	changed, err = s.takeRefresh(ctx, refresh.Hash, next.Hash, 14)
	same(t, changed, err, grant.Taken{Token: refresh, Grant: g, Next: next})
	changed, err = s.takeRefresh(ctx, next.Hash, grant.Hash{4}, 15)
	same(t, changed, err, grant.Taken{Token: next, Grant: g})
	next.UsedAt = 15
	changed, err = s.takeRefresh(ctx, refresh.Hash, next.Hash, 16)
	same(t, changed, err, grant.Taken{Token: refresh, Grant: g, Next: next})

	// The session's end is the grant's, whether it expires or is dropped.
	_, of, err = s.FindToken(ctx, access.Hash, 100)
	must(t, err)
	if of.EndedAt != 100 {
		t.Errorf("the grant ended at %d, with its session at 100", of.EndedAt)
	}
	must(t, s.DropGrants(ctx, 60))
	_, _, err = s.FindToken(ctx, access.Hash, 61)
	wantCode(t, err, token.CodeNotFound)

	err = s.TakeRefresh(ctx, refresh.Hash, next.Hash, 70, func(grant.Taken) (grant.Verdict, error) { return grant.Verdict{End: true}, nil })
	must(t, err)
	must(t, s.EndGrant(ctx, g.ID, 75)) // has ended
	_, _, err = s.FindToken(ctx, refresh.Hash, 71)
	wantCode(t, err, token.CodeNotFound)
	must(t, s.DropGrants(ctx, 71))
	_, err = s.takeCode(ctx, g.Code, 72) // its client is still to be told of the logout
	must(t, err)
	_, err = s.EndLogins(ctx, token.GrantID{}, 100, 10)
	must(t, err)
	due, messages := s.logouts(t, 100, 110)
	if len(due) != 1 || due[0].Grant != g.ID {
		t.Fatalf("of a grant that ended before its session is to be told: %v", due)
	}
	must(t, s.DropGrants(ctx, 71))
	_, err = s.Logout(ctx, g.ID) // stays until its client was told
	must(t, err)
	mine, err := s.DeliveryDone(ctx, messages[0])
	same(t, mine, err, true)
	must(t, s.DropGrants(ctx, 71))
	_, err = s.takeCode(ctx, g.Code, 72)
	wantCode(t, err, token.CodeNotFound)
}

func testReplays(t *testing.T, s *shelf) {
	g := s.grant(t, s.client(t), s.session(t, 100))
	refresh := grant.Token{Hash: grant.Hash{2}, Grant: g.ID, Use: grant.Refresh, Until: 90, CreatedAt: 12}
	_, err := s.takeCode(t.Context(), g.Code, 9, refresh)
	must(t, err)
	g = s.grant(t, s.client(t), s.session(t, 100))
	var codes, tokens atomic.Int64
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			ctx := context.WithoutCancel(t.Context())
			if taken, err := s.takeCode(ctx, g.Code, 10); err != nil {
				t.Error(err)
			} else if taken.CodeUsed == 0 {
				codes.Add(1)
			}
			if taken, err := s.takeRefresh(ctx, refresh.Hash, grant.Hash{3}, 10); err != nil {
				t.Error(err)
			} else if taken.Token.UsedAt == 0 {
				tokens.Add(1)
			}
		})
	}
	wait.Wait()
	if codes.Load() != 1 || tokens.Load() != 1 {
		t.Errorf("the code was good %d times and the token %d times", codes.Load(), tokens.Load())
	}
}

func testEndLogins(t *testing.T, s *shelf) {
	ctx := t.Context()
	client, session := s.client(t), s.session(t, 1000)
	var grants []grant.Grant
	for range 3 {
		grants = append(grants, s.grant(t, client, session))
	}
	for _, g := range grants[:2] { // the third never got anything
		_, err := s.takeCode(ctx, g.Code, 10)
		must(t, err)
	}
	lives := s.grant(t, client, s.session(t, 1000))
	sweep := func(at int64) {
		t.Helper()
		last, err := s.EndLogins(ctx, token.GrantID{}, at, 2)
		same(t, last, err, grants[1].ID)
		_, err = s.EndLogins(ctx, last, at, 100)
		must(t, err)
	}
	sweep(20)
	due, _ := s.logouts(t, 20, 30)
	same(t, due, nil, []grant.Logout(nil))
	must(t, s.DropSession(ctx, session.Hash))
	sweep(20)
	_, err := s.EndLogins(ctx, token.GrantID{}, 21, 100) // it is told once
	must(t, err)
	due, messages := s.logouts(t, 20, 30)
	same(t, due, nil, []grant.Logout{{Grant: grants[1].ID, Client: client.ID, Vendor: client.Vendor, User: session.User, Session: session.ID,
		Backchannel: client.Backchannel}})
	same(t, messages, nil, []delivery.Message{{ID: token.DeliveryID(grants[1].ID), Kind: delivery.Logout, Receiver: client.Backchannel, Payload: []byte{},
		CreatedAt: 20, Due: 30, Expires: 20 + 24*60*60*1000, Attempts: 1, Claim: 1}})
	taken, err := s.takeCode(ctx, lives.Code, 51)
	same(t, taken, err, lives)
	must(t, s.RemoveClient(ctx, client.Vendor, client.ID, 60))
	_, err = s.Logout(ctx, grants[1].ID)
	wantCode(t, err, token.CodeNotFound)
}

// testUnusedCodes is about codes that nobody came for: they do not wait for the session's end.
func testUnusedCodes(t *testing.T, s *shelf) {
	ctx := t.Context()
	session := s.session(t, 1000)
	unused, used := s.grant(t, s.client(t), session), s.grant(t, s.client(t), session)
	_, err := s.takeCode(ctx, used.Code, 10)
	must(t, err)
	_, err = s.EndLogins(ctx, token.GrantID{}, 60, 10)
	must(t, err)
	must(t, s.DropGrants(ctx, 100))
	_, err = s.EndLogins(ctx, token.GrantID{}, 61, 10)
	must(t, err)
	must(t, s.DropGrants(ctx, 100))
	_, err = s.takeCode(ctx, unused.Code, 70)
	wantCode(t, err, token.CodeNotFound)
	due, _ := s.logouts(t, 100, 110)
	same(t, due, nil, []grant.Logout(nil))
	used.CodeUsed = 10
	taken, err := s.takeCode(ctx, used.Code, 70)
	same(t, taken, err, used)
}
