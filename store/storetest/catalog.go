// Package storetest holds the suites that every database back-end must pass.
package storetest

import (
	"context"
	"reflect"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/tests/faults"
	"farthing.dev/farthing/token"
)

// RunCatalog runs the suite of the catalogue. open returns a new, empty database
// whose tables have been made.
//
// Each test runs again on a database whose writes fail, each twice before it works: it is not
// done, and then it is done and the answer is lost. Nobody may notice.
func RunCatalog(t *testing.T, open func(t *testing.T) store.Tables) {
	tests := []struct {
		name string
		run  func(t *testing.T, s *shelf)
	}{
		{"users", testUsers},
		{"sessions", testSessions},
		{"devices", testDevices},
		{"many sessions", testManySessions},
		{"logins while a password changes", testRacingLogins},
		{"passwords", testPasswords},
		{"sign-ups and new passwords that wait", testWaiting},
		{"vendors", testVendors},
		{"keys", testKeys},
		{"sites", testSites},
		{"offer versions", testOffers},
		{"split versions", testSplits},
		{"changes", testChanges},
		{"many changes at once", testConcurrentChanges},
		{"requests", testRequests},
		{"the same request many times at once", testConcurrentRequests},
		{"campaigns", testCampaigns},
		{"pages", testPages},
		{"the security log", testSecurityEvents},
		{"staff", testStaff},
		{"a login of staff", testStaffLogin},
		{"the staff's log is one chain, whoever writes it", testStaffLogChain},
		{"operator keys", testOperatorKeys},
		{"claims", testClaims},
		{"signing keys", testSigningKeys},
		{"ticket keys", testTicketKeys},
		{"the secret", testSecret},
		{"clients", testClients},
		{"grants", testGrants},
		{"the same code and token many times at once", testReplays},
		{"logins that end", testEndLogins},
		{"consents taken back", testWithdrawals},
		{"codes that nobody came for", testUnusedCodes},
		{"deliveries", testDeliveries},
		{"deliveries enqueued with their cause", testEnqueuedTogether},
		{"a process that was paused past its claim", testPausedDelivery},
		{"deliveries in turn", testFairDeliveries},
		{"dead letters", testDeadLetters},
		{"deliveries that expire", testExpiringDeliveries},
		{"passkeys", testPasskeys},
		{"authenticators", testAuthenticators},
		{"logins under way", testAttempts},
		{"tries", testTries},
		{"what is not there", testMissing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.run(t, newShelf(open(t)))
		})
		if racing[test.name] {
			continue
		}
		t.Run(test.name+", while writes fail", func(t *testing.T) {
			tables := faults.Wrap(open(t))
			tables.FailEach()
			test.run(t, newShelf(tables))
		})
	}
	t.Run("tries counted by two replicas at once", func(t *testing.T) {
		tables := open(t)
		testSharedTries(t, &shelf{Catalog: store.NewCatalog(tables), ids: token.NewMaker(token.SystemClock{}, nil)}, store.NewCatalog(tables))
	})
}

// racing are the tests in which many write at once: one of them would meet the faults of all.
var racing = map[string]bool{
	"logins while a password changes": true, "many changes at once": true, "the same request many times at once": true,
	"the same code and token many times at once": true, "authenticators": true, "logins under way": true,
}

func newShelf(tables store.Tables) *shelf {
	return &shelf{Catalog: store.NewCatalog(tables), ids: token.NewMaker(token.SystemClock{}, nil)}
}

// shelf is a catalogue to put things in.
type shelf struct {
	*store.Catalog
	ids *token.Maker
}

func (s *shelf) user(email string) (account.User, account.Account) {
	owned := account.Account{ID: token.NewID[token.AccountKind](s.ids), CreatedAt: 5}
	return account.User{
		ID: token.NewID[token.UserKind](s.ids), Email: email, Name: "Ada", Password: "hash", Account: owned.ID, CreatedAt: 5,
	}, owned
}

// vendor adds a vendor with everything that belongs to it.
func (s *shelf) vendor(t *testing.T) (catalog.Vendor, catalog.Member, catalog.Site) {
	t.Helper()
	reader, sandbox := s.user("")
	v := catalog.Vendor{
		ID: token.NewID[token.VendorKind](s.ids), Name: "The Daily", Fee: royalty.FeeRule{PPM: 50_000, Fixed: 1000}, CreatedAt: 7,
		SandboxUser: reader.ID, SandboxAccount: sandbox.ID,
	}
	sandbox.Sandbox = v.ID
	m := catalog.Member{Vendor: v.ID, User: token.NewID[token.UserKind](s.ids), JoinedAt: 7}
	site := catalog.Site{ID: token.NewID[token.SiteKind](s.ids), Vendor: v.ID, Origin: "https://daily.example", Path: "/", CreatedAt: 7}
	must(t, s.AddVendor(t.Context(), v, m, site, reader, sandbox))
	return v, m, site
}

func testUsers(t *testing.T, s *shelf) {
	user, owned := s.user("ada@reader.example")
	must(t, s.AddUser(t.Context(), user, owned))
	found, err := s.User(t.Context(), user.ID)
	same(t, found, err, user)
	found, err = s.UserByEmail(t.Context(), "ada@reader.example")
	same(t, found, err, user)
	must(t, s.SetWindow(t.Context(), user.ID, 90_000))
	user.Window = 90_000
	found, err = s.User(t.Context(), user.ID)
	same(t, found, err, user)
	kept, err := s.Account(t.Context(), owned.ID)
	same(t, kept, err, owned)
	charged, err := s.AccountOf(t.Context(), user.ID)
	same(t, charged, err, owned.ID)
	later, laters := s.user("ben@reader.example") // added after something was read
	must(t, s.AddUser(t.Context(), later, laters))
	charged, err = s.AccountOf(t.Context(), later.ID)
	same(t, charged, err, laters.ID)
	members, err := s.Members(t.Context(), owned.ID)
	same(t, members, err, []account.Member{{Account: owned.ID, User: user.ID, JoinedAt: 5}})

	other, others := s.user("ada@reader.example")
	wantCode(t, s.AddUser(t.Context(), other, others), token.CodeTaken)
	_, err = s.Account(t.Context(), others.ID)
	wantCode(t, err, token.CodeNotFound) // nothing is left of what was refused

	for range 2 { // test readers have no address, and there are many
		reader, sandbox := s.user("")
		must(t, s.AddUser(t.Context(), reader, sandbox))
	}
	_, err = s.UserByEmail(t.Context(), "")
	wantCode(t, err, token.CodeNotFound)
}

func testSessions(t *testing.T, s *shelf) {
	user, owned := s.user("ada@reader.example")
	must(t, s.AddUser(t.Context(), user, owned))
	session := account.Session{
		ID: token.NewID[token.SessionKind](s.ids), Hash: account.SessionHash{1, 2, 3}, User: user.ID, Account: owned.ID, LoginAt: 10, ExpiresAt: 20,
		AuthAt: 12, SeenAt: 13, Methods: []account.Method{account.ByPassword, account.ByOTP}, Device: "Firefox on Linux",
	}
	must(t, s.AddSession(t.Context(), session, user.Password))
	found, err := s.Session(t.Context(), session.Hash)
	same(t, found, err, session)
	must(t, s.DropSessionsBefore(t.Context(), 20, 13))
	found, err = s.Session(t.Context(), session.Hash)
	same(t, found, err, session)
	must(t, s.DropSession(t.Context(), session.Hash))
	must(t, s.DropSession(t.Context(), session.Hash))
	_, err = s.Session(t.Context(), session.Hash)
	wantCode(t, err, token.CodeNotFound)

	must(t, s.AddSession(t.Context(), session, user.Password))
	must(t, s.DropSessionsBefore(t.Context(), 21, 0))
	_, err = s.Session(t.Context(), session.Hash)
	wantCode(t, err, token.CodeNotFound)

	must(t, s.AddSession(t.Context(), session, user.Password))
	must(t, s.DropSessionsBefore(t.Context(), 0, 14)) // not used for long
	_, err = s.Session(t.Context(), session.Hash)
	wantCode(t, err, token.CodeNotFound)
}

// testDevices is about a user with several sessions.
func testDevices(t *testing.T, s *shelf) {
	user, owned := s.user("ada@reader.example")
	must(t, s.AddUser(t.Context(), user, owned))
	var all [3]account.Session
	for i := range all {
		all[i] = account.Session{ID: token.NewID[token.SessionKind](s.ids), Hash: account.SessionHash{byte(i + 1)}, User: user.ID, Account: owned.ID, SeenAt: int64(i), ExpiresAt: 50}
		must(t, s.AddSession(t.Context(), all[i], user.Password))
	}
	found, err := s.Sessions(t.Context(), user.ID)
	same(t, found, err, []account.Session{all[2], all[1], all[0]})
	must(t, s.SeeSessions(t.Context(), map[account.SessionHash]int64{{1}: 7, {99}: 8}))
	all[0].SeenAt = 7
	found, err = s.Sessions(t.Context(), user.ID)
	same(t, found, err, []account.Session{all[0], all[2], all[1]})

	renewed := all[0]
	renewed.Hash, renewed.AuthAt, renewed.Methods = account.SessionHash{4}, 9, []account.Method{account.ByKey}
	wantCode(t, s.ReplaceSession(t.Context(), all[0].Hash, renewed), token.CodeNotFound) // the new one is not there
	fresh := renewed
	fresh.ID = token.NewID[token.SessionKind](s.ids)
	must(t, s.AddSession(t.Context(), fresh, user.Password))
	wantCode(t, s.ReplaceSession(t.Context(), account.SessionHash{99}, renewed), token.CodeNotFound) // nor the one before
	must(t, s.ReplaceSession(t.Context(), all[0].Hash, renewed))
	_, err = s.Session(t.Context(), all[0].Hash)
	wantCode(t, err, token.CodeNotFound)
	got, err := s.Session(t.Context(), renewed.Hash)
	same(t, got, err, renewed)

	renewed.Device = "Safari on iPhone"
	must(t, s.ReplaceSession(t.Context(), renewed.Hash, renewed)) // in its own place
	got, err = s.Session(t.Context(), renewed.Hash)
	same(t, got, err, renewed)

	stranger := token.NewID[token.UserKind](s.ids)
	must(t, s.DropSessionOf(t.Context(), stranger, all[1].ID))
	must(t, s.DropOtherSessions(t.Context(), stranger, all[1].ID))
	found, err = s.Sessions(t.Context(), user.ID)
	same(t, found, err, []account.Session{renewed, all[2], all[1]})
	must(t, s.DropSessionOf(t.Context(), user.ID, all[1].ID))
	found, err = s.Sessions(t.Context(), user.ID)
	same(t, found, err, []account.Session{renewed, all[2]})
	must(t, s.DropOtherSessions(t.Context(), user.ID, all[2].ID))
	found, err = s.Sessions(t.Context(), user.ID)
	same(t, found, err, []account.Session{all[2]})
}

// testManySessions is about a user with more sessions than she may have.
func testManySessions(t *testing.T, s *shelf) {
	user, owned := s.user("ada@reader.example")
	must(t, s.AddUser(t.Context(), user, owned))
	add := func(n int) account.Session {
		session := account.Session{ID: token.NewID[token.SessionKind](s.ids), Hash: account.SessionHash{byte(n), 1}, User: user.ID, Account: owned.ID, SeenAt: int64(n), ExpiresAt: 500}
		must(t, s.AddSession(t.Context(), session, user.Password))
		return session
	}
	first, second := add(0), add(1)
	for n := 2; n < account.MaxSessions; n++ {
		add(n)
	}
	must(t, s.SeeSessions(t.Context(), map[account.SessionHash]int64{first.Hash: 200}))
	add(account.MaxSessions)
	_, err := s.Session(t.Context(), first.Hash)
	must(t, err)
	_, err = s.Session(t.Context(), second.Hash)
	wantCode(t, err, token.CodeNotFound)
	found, err := s.Sessions(t.Context(), user.ID)
	must(t, err)
	same(t, len(found), nil, account.MaxSessions)
}

// testRacingLogins is about logins by a password that is changed at the same moment: each
// is refused, or ended.
func testRacingLogins(t *testing.T, s *shelf) {
	user, owned := s.user("ada@reader.example")
	must(t, s.AddUser(t.Context(), user, owned))
	before := user.Password
	for i := range 20 {
		after := "hash " + strconv.Itoa(i)
		var wait sync.WaitGroup
		for n := range 4 {
			session := account.Session{ID: token.NewID[token.SessionKind](s.ids), Hash: account.SessionHash{byte(i), byte(n)}, User: user.ID, Account: owned.ID, ExpiresAt: 50}
			wait.Go(func() {
				if err := s.AddSession(context.WithoutCancel(t.Context()), session, before); err != nil && token.CodeOf(err) != token.CodeStale {
					t.Error(err)
				}
			})
		}
		wait.Go(func() {
			if err := s.SetPassword(context.WithoutCancel(t.Context()), user.ID, after, nil); err != nil {
				t.Error(err)
			}
		})
		wait.Wait()
		left, err := s.Sessions(t.Context(), user.ID)
		same(t, left, err, nil)
		before = after
	}
}

func testPasswords(t *testing.T, s *shelf) {
	user, owned := s.user("ada@reader.example")
	must(t, s.AddUser(t.Context(), user, owned))
	session := account.Session{ID: token.NewID[token.SessionKind](s.ids), Hash: account.SessionHash{1}, User: user.ID, Account: owned.ID}
	must(t, s.AddSession(t.Context(), session, user.Password))
	wish := account.Reset{Hash: [32]byte{3}, User: user.ID, ExpiresAt: 30}
	must(t, s.AddReset(t.Context(), wish))
	begun := credential.Attempt{Hash: credential.AttemptHash{4}, Kind: credential.Second, User: user.ID, ExpiresAt: 30}
	must(t, s.AddAttempt(t.Context(), begun))
	must(t, s.SetPassword(t.Context(), user.ID, "other hash", nil))
	_, err := s.Reset(t.Context(), wish.Hash)
	wantCode(t, err, token.CodeNotFound)
	_, err = s.Attempt(t.Context(), begun.Hash)
	wantCode(t, err, token.CodeNotFound)
	wantCode(t, s.AddSession(t.Context(), session, user.Password), token.CodeStale)
	user.Password = "other hash"
	found, err := s.User(t.Context(), user.ID)
	same(t, found, err, user)
	_, err = s.Session(t.Context(), session.Hash)
	wantCode(t, err, token.CodeNotFound)
	must(t, s.AddSession(t.Context(), session, user.Password))
	kept := session
	kept.Hash = account.SessionHash{2}
	must(t, s.SetPassword(t.Context(), user.ID, "third hash", &kept))
	sessions, err := s.Sessions(t.Context(), user.ID)
	same(t, sessions, err, []account.Session{kept})
}

func testVendors(t *testing.T, s *shelf) {
	vendor, member, site := s.vendor(t)
	found, err := s.Vendor(t.Context(), vendor.ID)
	same(t, found, err, vendor)
	of, err := s.VendorsOf(t.Context(), member.User)
	same(t, of, err, []token.VendorID{vendor.ID})
	sites, err := s.Sites(t.Context(), vendor.ID, token.SiteID{}, 10)
	same(t, sites, err, []catalog.Site{site})
	sandbox, err := s.Account(t.Context(), vendor.SandboxAccount)
	must(t, err)
	if sandbox.Sandbox != vendor.ID {
		t.Error("the sandbox's account does not know its vendor")
	}
}

func (s *shelf) key(vendor token.VendorID) catalog.APIKey {
	return catalog.APIKey{
		ID: token.NewID[token.KeyKind](s.ids), Vendor: vendor, Hash: catalog.KeyHash{9}, Login: "shop", Hint: "wxyz", Test: true, CreatedAt: 3,
	}
}

func testKeys(t *testing.T, s *shelf) {
	vendor, _, _ := s.vendor(t)
	key := s.key(vendor.ID)
	must(t, s.AddKey(t.Context(), key))
	found, err := s.KeyByHash(t.Context(), key.Hash)
	same(t, found, err, key)
	other, _, _ := s.vendor(t)
	_, err = s.RevokeKey(t.Context(), other.ID, key.ID, 8)
	wantCode(t, err, token.CodeNotFound)
	for at := int64(8); at < 10; at++ { // the second time changes nothing
		hash, err := s.RevokeKey(t.Context(), vendor.ID, key.ID, at)
		same(t, hash, err, key.Hash)
	}
	key.RevokedAt = 8
	all, err := s.Keys(t.Context(), vendor.ID)
	same(t, all, err, []catalog.APIKey{key})
}

func testSites(t *testing.T, s *shelf) {
	vendor, _, first := s.vendor(t)
	site := catalog.Site{ID: token.NewID[token.SiteKind](s.ids), Vendor: vendor.ID, Origin: "https://daily.example", Path: "/shop/", CreatedAt: 9}
	_, err := s.AddSite(t.Context(), site, catalog.Request{})
	must(t, err)
	again := site
	again.ID = token.NewID[token.SiteKind](s.ids)
	_, err = s.AddSite(t.Context(), again, catalog.Request{})
	wantCode(t, err, token.CodeTaken)
	all, err := s.Sites(t.Context(), vendor.ID, token.SiteID{}, 10)
	same(t, all, err, []catalog.Site{site, first})

	other, _, _ := s.vendor(t)
	must(t, s.ProveSite(t.Context(), other.ID, site.ID, 11)) // another's stays as it is
	must(t, s.ProveSite(t.Context(), vendor.ID, site.ID, 12))
	must(t, s.ProveSite(t.Context(), vendor.ID, site.ID, 13)) // and so does what was shown before
	site.ProvedAt = 12
	all, err = s.Sites(t.Context(), vendor.ID, token.SiteID{}, 10)
	same(t, all, err, []catalog.Site{site, first})
}

func (s *shelf) offer(vendor token.VendorID) catalog.Offer {
	return catalog.Offer{
		ID: token.NewID[token.OfferKind](s.ids), Version: 1, Vendor: vendor, Price: 250_000, Currency: token.MustCurrency("USD"),
		Split: token.NewID[token.SplitKind](s.ids), CreatedAt: 4,
		Item: journal.Item{
			SKU: "a-1", Title: "Früh \"am\" Morgen", Description: "line\nline", URL: "https://daily.example/a-1", Repeatable: true,
			Terms: entitlement.Terms{Times: 3, Hours: 24, Days: 7, Expiry: 99}, Campaigns: []token.CampaignID{token.NewID[token.CampaignKind](s.ids)},
		},
	}
}

func testOffers(t *testing.T, s *shelf) {
	vendor, _, _ := s.vendor(t)
	first := s.offer(vendor.ID)
	made, err := s.AddOffer(t.Context(), first, catalog.Request{})
	same(t, made, err, catalog.Made[token.OfferID]{ID: first.ID, Version: 1})
	second := first
	second.Version, second.Price = 2, 300_000
	_, err = s.AddOffer(t.Context(), second, catalog.Request{})
	must(t, err)
	_, err = s.AddOffer(t.Context(), second, catalog.Request{})
	wantCode(t, err, token.CodeTaken) // a version never changes
	found, err := s.Offer(t.Context(), first.ID, 1)
	same(t, found, err, first)
	found, err = s.Offer(t.Context(), first.ID, 0)
	same(t, found, err, second)
	all, err := s.Offers(t.Context(), vendor.ID, token.OfferID{}, 10)
	same(t, all, err, []catalog.Offer{second})
}

func testSplits(t *testing.T, s *shelf) {
	vendor, _, _ := s.vendor(t)
	payee := catalog.Payee{ID: token.NewID[token.PayeeKind](s.ids), Vendor: vendor.ID, Name: "Ann Author", CreatedAt: 3}
	_, err := s.AddPayee(t.Context(), payee, catalog.Request{})
	must(t, err)
	found, err := s.Payee(t.Context(), payee.ID)
	same(t, found, err, payee)
	first := catalog.Split{
		ID: token.NewID[token.SplitKind](s.ids), Version: 1, Vendor: vendor.ID, Name: "books", CreatedAt: 4,
		Shares: []royalty.Share{{Payee: payee.ID, PPM: 400_000, Fixed: 5, Minimum: 6}},
	}
	_, err = s.AddSplit(t.Context(), first, catalog.Request{})
	must(t, err)
	second := first
	second.Version, second.Shares = 2, []royalty.Share{{Payee: payee.ID, PPM: 500_000}}
	_, err = s.AddSplit(t.Context(), second, catalog.Request{})
	must(t, err)
	split, err := s.Split(t.Context(), first.ID, 1)
	same(t, split, err, first)
	split, err = s.Split(t.Context(), first.ID, 0)
	same(t, split, err, second)
	all, err := s.Splits(t.Context(), vendor.ID, token.SplitID{}, 10)
	same(t, all, err, []catalog.Split{second})
}

func request(vendor token.VendorID, key, asked string) catalog.Request {
	return catalog.Request{Key: journal.NewKey(vendor, "test", key, []byte(asked)), At: 4}
}

func testRequests(t *testing.T, s *shelf) {
	vendor, _, _ := s.vendor(t)
	first := s.offer(vendor.ID)
	_, err := s.AddOffer(t.Context(), first, request(vendor.ID, "k", "offer"))
	must(t, err)
	again := s.offer(vendor.ID)
	made, err := s.AddOffer(t.Context(), again, request(vendor.ID, "k", "offer"))
	same(t, made, err, catalog.Made[token.OfferID]{ID: first.ID, Version: 1, Replayed: true})
	_, err = s.AddOffer(t.Context(), again, request(vendor.ID, "k", "another offer"))
	wantCode(t, err, token.CodeKeyReused)
	_, err = s.AddPayee(t.Context(), catalog.Payee{ID: token.NewID[token.PayeeKind](s.ids), Vendor: vendor.ID}, request(vendor.ID, "k", "payee"))
	wantCode(t, err, token.CodeKeyReused)
	all, err := s.Offers(t.Context(), vendor.ID, token.OfferID{}, 10)
	same(t, all, err, []catalog.Offer{first})

	// A refused addition leaves its key free.
	_, err = s.AddOffer(t.Context(), first, request(vendor.ID, "other", "offer"))
	wantCode(t, err, token.CodeTaken)
	made, err = s.AddOffer(t.Context(), again, request(vendor.ID, "other", "offer"))
	same(t, made, err, catalog.Made[token.OfferID]{ID: again.ID, Version: 1})
}

func testConcurrentRequests(t *testing.T, s *shelf) {
	vendor, _, _ := s.vendor(t)
	const callers = 8
	ids := make([]token.PayeeID, callers)
	var wait sync.WaitGroup
	for i := range callers {
		payee := catalog.Payee{ID: token.NewID[token.PayeeKind](s.ids), Vendor: vendor.ID, Name: "Ann Author"}
		wait.Go(func() {
			made, err := s.AddPayee(context.WithoutCancel(t.Context()), payee, request(vendor.ID, "k", "payee"))
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
			ids[i] = made.ID
		})
	}
	wait.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("one request made two payees: %v and %v", id, ids[0])
		}
	}
	all, err := s.Payees(t.Context(), vendor.ID, token.PayeeID{}, 10)
	must(t, err)
	if len(all) != 1 {
		t.Errorf("%d payees were added, want 1", len(all))
	}
}

func testCampaigns(t *testing.T, s *shelf) {
	vendor, _, _ := s.vendor(t)
	mine := catalog.Campaign{
		ID: token.NewID[token.CampaignKind](s.ids), Issuer: vendor.ID, Name: "spring", Currency: token.MustCurrency("EUR"), Listed: true, ExpiresAt: 80, CreatedAt: 2,
	}
	provider := catalog.Campaign{ID: token.NewID[token.CampaignKind](s.ids), Name: "welcome", Currency: token.MustCurrency("USD"), CreatedAt: 2}
	for _, campaign := range []catalog.Campaign{mine, provider} {
		_, err := s.AddCampaign(t.Context(), campaign, catalog.Request{})
		must(t, err)
		found, err := s.Campaign(t.Context(), campaign.ID)
		same(t, found, err, campaign)
	}
	all, err := s.Campaigns(t.Context(), vendor.ID, token.CampaignID{}, 10)
	same(t, all, err, []catalog.Campaign{mine})
	all, err = s.Campaigns(t.Context(), token.VendorID{}, token.CampaignID{}, 10)
	same(t, all, err, []catalog.Campaign{provider})
}

func testPages(t *testing.T, s *shelf) {
	vendor, _, _ := s.vendor(t)
	other, _, _ := s.vendor(t)
	var want []catalog.Offer
	for range 5 {
		offer := s.offer(vendor.ID)
		want = append([]catalog.Offer{offer}, want...)
		_, err := s.AddOffer(t.Context(), offer, catalog.Request{})
		must(t, err)
		_, err = s.AddOffer(t.Context(), s.offer(other.ID), catalog.Request{})
		must(t, err)
	}
	page, err := s.Offers(t.Context(), vendor.ID, token.OfferID{}, 2)
	same(t, page, err, want[:2])
	page, err = s.Offers(t.Context(), vendor.ID, page[1].ID, 2)
	same(t, page, err, want[2:4])
	page, err = s.Offers(t.Context(), vendor.ID, page[1].ID, 2)
	same(t, page, err, want[4:])
}

func testMissing(t *testing.T, s *shelf) {
	ctx := t.Context()
	missing := map[string]func() error{
		"user":     func() error { _, err := s.User(ctx, token.UserID{1}); return err },
		"payer":    func() error { _, err := s.AccountOf(ctx, token.UserID{1}); return err },
		"account":  func() error { _, err := s.Account(ctx, token.AccountID{1}); return err },
		"session":  func() error { _, err := s.Session(ctx, account.SessionHash{1}); return err },
		"vendor":   func() error { _, err := s.Vendor(ctx, token.VendorID{1}); return err },
		"key":      func() error { _, err := s.KeyByHash(ctx, catalog.KeyHash{1}); return err },
		"payee":    func() error { _, err := s.Payee(ctx, token.PayeeID{1}); return err },
		"split":    func() error { _, err := s.Split(ctx, token.SplitID{1}, 0); return err },
		"offer":    func() error { _, err := s.Offer(ctx, token.OfferID{1}, 1); return err },
		"client":   func() error { _, err := s.Client(ctx, token.ClientID{1}); return err },
		"code":     func() error { _, err := s.takeCode(ctx, grant.Hash{1}, 1); return err },
		"token":    func() error { _, _, err := s.FindToken(ctx, grant.Hash{1}, 1); return err },
		"refresh":  func() error { _, err := s.takeRefresh(ctx, grant.Hash{1}, grant.Hash{2}, 1); return err },
		"campaign": func() error { _, err := s.Campaign(ctx, token.CampaignID{1}); return err },
	}
	for name, find := range missing {
		if code := token.CodeOf(find()); code != token.CodeNotFound {
			t.Errorf("%s: %q, want %q", name, code, token.CodeNotFound)
		}
	}
	of, err := s.VendorsOf(ctx, token.UserID{1})
	same(t, of, err, []token.VendorID(nil))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same[T any](t *testing.T, got T, err error, want T) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Errorf("not the same (-want +got):\n%s", diff)
	}
}

func wantCode(t *testing.T, err error, code token.Code) {
	t.Helper()
	if token.CodeOf(err) != code {
		t.Errorf("error %v, want code %q", err, code)
	}
}
