package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// scene plays a small life through the real engine: every kind of entry, and
// everything that an invariant speaks of.
type scene struct {
	ctx     context.Context
	engine  *store.Engine
	clock   *manualClock
	ids     *token.Maker
	keys    int
	split   royalty.Split
	vendor  token.VendorID
	account token.AccountID
	user    token.UserID
	friend  token.AccountID // who was there before
	offer   catalog.Offer
	usd     token.Currency
	err     error
}

// manualClock shows the time that it was set to.
type manualClock struct{ at time.Time }

func (c *manualClock) Now() time.Time { return c.at }

var _ token.Clock = (*manualClock)(nil)

// people is how many live in the scene.
const people = 3

// Play fills an empty database whose tables are up to date with a small life: every kind of
// entry is in it, always at the same times; ids differ.
func Play(ctx context.Context, db store.Database) error {
	s, err := begin(ctx, db)
	if err != nil {
		return err
	}
	for range people {
		s.person()
	}
	s.approvals()
	for n := range 3 {
		act := staff.Act{ID: token.NewID[token.EventKind](s.ids), At: s.now(), Actor: staff.ByCommand, Action: staff.DepositMade, Subject: s.account.String(), Detail: fmt.Sprint("line ", n)}
		s.err = errors.Join(s.err, store.NewCatalog(db).AddAct(ctx, act))
	}
	if s.err != nil {
		return fmt.Errorf("play: %w", s.err)
	}
	return s.engine.Close(ctx)
}

// begin opens a scene in which nobody lives yet, and an engine for it.
func begin(ctx context.Context, db store.Database) (*scene, error) {
	clock := &manualClock{at: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	ids := token.NewMaker(clock, nil)
	vendor := token.NewID[token.VendorKind](ids)
	early, err := giveEarly(ctx, db, clock, vendor, token.NewID[token.AccountKind](ids), token.NewID[token.CampaignKind](ids))
	if err != nil {
		return nil, fmt.Errorf("give tokens: %w", err)
	}
	engine, err := store.OpenEngine(ctx, db, clock, slog.New(slog.NewTextHandler(io.Discard, nil)), store.Options{})
	if err != nil {
		return nil, fmt.Errorf("open engine: %w", err)
	}
	s := &scene{ctx: ctx, engine: engine, clock: clock, ids: ids, vendor: vendor, usd: early.Currency}
	if err := s.divide(store.NewCatalog(db)); err != nil {
		return nil, err
	}
	s.offer = catalog.Offer{ID: token.NewID[token.OfferKind](s.ids), Version: 1, Vendor: s.vendor, Price: 100_000, Currency: s.usd,
		Item: journal.Item{Title: "A call", Repeatable: true}}
	sold, err := store.NewCatalog(db).AddOffer(ctx, s.offer, catalog.Request{})
	if err != nil {
		return nil, fmt.Errorf("add an offer: %w", err)
	}
	s.offer.ID = sold.ID
	s.do(&core.BoundIncentives{Max: token.PerUnit, AsOf: engine.Head().Seq, Before: []journal.Debt{early}})
	return s, s.err
}

// divide makes the split that all sales are divided by.
func (s *scene) divide(catalogue *store.Catalog) error {
	s.split = royalty.Split{ID: token.NewID[token.SplitKind](s.ids), Version: 1, Shares: []royalty.Share{
		{Payee: token.NewID[token.PayeeKind](s.ids), PPM: 400_000},
		{Payee: token.NewID[token.PayeeKind](s.ids), PPM: 500_000, Of: 1},
	}}
	made, err := catalogue.AddSplit(s.ctx, catalog.Split{ID: s.split.ID, Version: 1, Vendor: s.vendor, Name: "split", Shares: s.split.Shares}, catalog.Request{})
	if err != nil {
		return fmt.Errorf("add a split: %w", err)
	}
	s.split.ID, s.split.Version = made.ID, max(1, made.Version)
	return nil
}

// giveEarly appends a vendor's gift as a version recorded it that knew no bounds.
func giveEarly(ctx context.Context, db store.Database, clock *manualClock, vendor token.VendorID, account token.AccountID, campaign token.CampaignID) (journal.Debt, error) {
	state := core.NewState()
	state.Accounts[account] = &core.Account{ID: account}
	g := journal.Grant{Campaign: campaign, Amount: 20_000, Currency: token.MustCurrency("USD"), Listed: true}
	out, err := (&core.Grant{Account: account, Grant: g}).Decide(state, clock.at.UnixMilli())
	if err != nil {
		return journal.Debt{}, err
	}
	out.Entry.Grant.Issuer = vendor
	none := func([]*journal.Block) error { return nil }
	err = db.Append(ctx, journal.Head{}, none, func() (*journal.Block, error) {
		return journal.Seal(journal.Head{}, clock.at.UnixMilli(), []*journal.Entry{out.Entry})
	})
	return journal.Debt{Issuer: vendor, Currency: g.Currency, Amount: g.Amount}, err
}

// do runs a command, unless one failed before.
func (s *scene) do(c core.Command) core.Outcome {
	if s.err != nil {
		return core.Outcome{Order: &core.Order{}, Account: &core.Account{}}
	}
	s.clock.at = s.clock.at.Add(time.Second)
	out, err := s.engine.Do(s.ctx, c)
	if err != nil {
		s.err = fmt.Errorf("%T: %w", c, err)
	}
	if out.Order == nil {
		out.Order = &core.Order{}
	}
	return out
}

func (s *scene) key() journal.Key {
	s.keys++
	return journal.NewKey(s.vendor, "selftest", fmt.Sprint(s.keys), nil)
}

func (s *scene) now() int64 { return s.clock.at.UnixMilli() }

// person lives through everything once.
func (s *scene) person() {
	s.account, s.user = token.NewID[token.AccountKind](s.ids), token.NewID[token.UserKind](s.ids)
	s.money()
	s.allowed()
	s.clicked()
	s.held()
	s.given()
	s.onCredit()
	s.sends()
}

func (s *scene) money() {
	for range 2 {
		s.keys++
		s.do(&core.Fund{Account: s.account, User: s.user,
			Fund: journal.Fund{Amount: 5 * token.PerUnit, Currency: s.usd, Method: "check", Reference: fmt.Sprint(s.keys)}})
	}
	s.do(&core.Fund{Account: s.account, User: s.user,
		Fund: journal.Fund{Amount: 5 * token.PerUnit, Currency: token.MustCurrency("EUR"), Method: "check", Reference: fmt.Sprint("eur", s.keys)}})
}

// sends gives a friend a part of what is left.
func (s *scene) sends() {
	if !s.friend.IsZero() {
		c := &core.Transfer{From: s.account, User: s.user, Key: s.key()}
		c.Transfer = journal.Transfer{To: s.friend, Amount: token.PerUnit, Currency: token.MustCurrency("EUR")}
		s.do(c)
	}
	s.friend = s.account
}

// limit sets a limit as of now.
func (s *scene) limit(l limit.Limit) {
	if s.err != nil {
		return
	}
	a, err := s.engine.Account(s.ctx, s.account)
	if err != nil {
		s.err = err
		return
	}
	s.do(&core.Permit{Account: s.account, User: s.user, Key: s.key(), SetLimit: &l, AsOf: a.Seq})
}

func (s *scene) sale(price token.Amount) journal.Sale {
	return journal.Sale{Price: price, Currency: s.usd, Rule: s.rule(), Terms: entitlement.Terms{Times: 2}}
}

func (s *scene) rule() journal.Rule {
	return journal.Rule{Split: s.split.ID, Version: s.split.Version, Fee: royalty.FeeRule{PPM: 100_000}}
}

// allowed buys by allowance, twice, opens what was bought, and gets money back.
func (s *scene) allowed() {
	spare := limit.Limit{ID: token.NewID[token.LimitKind](s.ids), Currency: s.usd, Period: limit.Day, Max: 9 * token.PerUnit}
	s.limit(spare)
	s.do(&core.Permit{Account: s.account, User: s.user, Key: s.key(), RemoveLimit: spare.ID})
	s.limit(limit.Limit{ID: token.NewID[token.LimitKind](s.ids), Currency: s.usd, Period: limit.Month, Max: 50 * token.PerUnit})
	allowance := limit.Allowance{ID: token.NewID[token.AllowanceKind](s.ids), User: s.user, Vendor: s.vendor, Currency: s.usd,
		PerPurchase: token.PerUnit, Period: limit.Day, Max: 3 * token.PerUnit, Until: s.now() + 1<<40}
	s.do(&core.Permit{Account: s.account, User: s.user, Key: s.key(), GiveAllowance: &allowance})
	for range 2 {
		bought := s.charge(250_001).Order
		for range 2 {
			s.do(&core.View{Order: bought.ID, Vendor: s.vendor, Key: s.key()})
		}
		s.do(&core.Refund{Order: bought.ID, Vendor: s.vendor, Amount: 100_000, Key: s.key()})
		s.do(&core.Refund{Order: bought.ID, Vendor: s.vendor, Key: s.key()})
	}
	item := journal.HashItem("article")
	for range 2 { // the second is covered by the first
		s.do(&core.Charge{ID: token.NewID[token.OrderKind](s.ids), Account: s.account, User: s.user, Vendor: s.vendor, Item: item,
			Sale: s.sale(300_000), Split: s.split, Key: s.key()})
	}
	call := s.sale(s.offer.Price)
	call.Offer, call.OfferVer, call.Terms = s.offer.ID, s.offer.Version, s.offer.Item.Terms
	s.do(&core.Charge{ID: token.NewID[token.OrderKind](s.ids), Account: s.account, User: s.user, Vendor: s.vendor, Sale: call, Split: s.split, Key: s.key()})
	s.do(&core.Permit{Account: s.account, User: s.user, Key: s.key(), TakeAllowance: allowance.ID})
	kept := allowance
	kept.ID, kept.Currency = token.NewID[token.AllowanceKind](s.ids), token.MustCurrency("EUR")
	s.do(&core.Permit{Account: s.account, User: s.user, Key: s.key(), GiveAllowance: &kept})
}

func (s *scene) charge(price token.Amount) core.Outcome {
	return s.do(&core.Charge{ID: token.NewID[token.OrderKind](s.ids), Account: s.account, User: s.user, Vendor: s.vendor,
		Sale: s.sale(price), Split: s.split, Key: s.key()})
}

// open opens an order and pays it; a hold of it lasts an hour.
func (s *scene) open(price token.Amount, manual bool, method journal.ConsentMethod, campaigns []token.CampaignID) core.Outcome {
	return s.openFor(1, price, manual, method, campaigns)
}

// openFor is open with a hold of so many hours.
func (s *scene) openFor(hours uint32, price token.Amount, manual bool, method journal.ConsentMethod, campaigns []token.CampaignID) core.Outcome {
	opened := journal.Opened{Price: price, Currency: s.usd, Rule: s.rule(), ExpiresAt: s.now() + 1<<30, Manual: manual, HoldHours: hours,
		Item: journal.Item{SKU: "item", Title: "An article", Repeatable: true, Campaigns: campaigns}}
	order := token.NewID[token.OrderKind](s.ids)
	s.do(&core.OpenOrder{ID: order, Vendor: s.vendor, Opened: opened, Key: s.key()})
	return s.do(&core.Pay{Order: order, Account: s.account, User: s.user, Quoted: price, Split: s.split,
		Consent: journal.Consent{Method: method, Login: s.now(), Until: s.now() + 3_600_000}})
}

func (s *scene) clicked() {
	s.open(123_457, false, journal.ByClick, nil)
	s.do(&core.Permit{Account: s.account, User: s.user, Key: s.key(), SetApproval: &limit.Approval{User: s.user, Currency: s.usd, Max: token.PerUnit}})
	s.open(200_000, false, journal.ByApproval, nil)
	frozen, good := journal.Frozen, journal.GoodStanding
	s.do(&core.Permit{Account: s.account, User: s.user, Key: s.key(), SetStanding: &frozen})
	s.do(&core.Permit{Account: s.account, User: s.user, Key: s.key(), SetStanding: &good})
}

// held places four holds: captured in part, released, expired, and left open.
func (s *scene) held() {
	captured := s.open(400_000, true, journal.ByClick, nil).Order
	s.do(&core.Capture{Order: captured.ID, Vendor: s.vendor, Amount: 300_000, Split: s.split, Key: s.key()})
	released := s.open(400_000, true, journal.ByClick, nil).Order
	s.do(&core.Release{Order: released.ID, Vendor: s.vendor, Key: s.key()})
	expired := s.open(400_000, true, journal.ByClick, nil).Order
	s.clock.at = s.clock.at.Add(2 * time.Hour)
	s.do(&core.Release{Order: expired.ID, Vendor: s.vendor, Expire: true, Key: s.key()})
	s.openFor(openHours, 400_000, true, journal.ByClick, nil)
}

// openHours is how long the holds last that are left open: longer than everything.
const openHours = 7 * 24

// given spends incentive tokens of a vendor's campaign, and then of the provider's, which expires
// later, and lets the rest lapse.
func (s *scene) given() {
	vendors, providers := token.NewID[token.CampaignKind](s.ids), token.NewID[token.CampaignKind](s.ids)
	s.do(&core.Grant{Account: s.account, Key: s.key(), Grant: journal.Grant{Campaign: vendors, Amount: 150_000, Currency: s.usd,
		Issuer: s.vendor, Vendors: []token.VendorID{s.vendor}, Listed: true, Expiry: s.now() + 3_600_000}})
	s.do(&core.Grant{Account: s.account, Key: s.key(), Grant: journal.Grant{Campaign: providers, Amount: 50_000, Currency: s.usd, Expiry: s.now() + 7_200_000}})
	s.do(&core.BoundIncentives{Vendor: s.vendor, Currency: s.usd, Max: 500_000 + token.Amount(s.keys)}) // another one each time
	first := s.open(100_000, false, journal.ByClick, []token.CampaignID{vendors}).Order
	s.open(70_000, false, journal.ByClick, []token.CampaignID{vendors})
	s.do(&core.Refund{Order: first.ID, Vendor: s.vendor, Amount: 30_000, Key: s.key()})
	s.clock.at = s.clock.at.Add(3 * time.Hour)
	s.do(&core.Lapse{Account: s.account, Campaign: vendors, Currency: s.usd})
	s.do(&core.Lapse{Account: s.account, Campaign: providers, Currency: s.usd})
}

// onCredit spends more than there is.
func (s *scene) onCredit() {
	s.do(&core.Permit{Account: s.account, User: s.user, Key: s.key(), SetCredit: &journal.Credit{Currency: s.usd, Line: 20 * token.PerUnit}})
	s.open(15*token.PerUnit, false, journal.ByClick, nil)
}

// approvals has staff ask: one request of each end, and one that waits.
func (s *scene) approvals() {
	person := func(n byte, role journal.Role) journal.Staff {
		return journal.Staff{User: token.UserID{0x7f, n}, Role: role}
	}
	operator, supervisor, other := person(1, journal.Operator), person(2, journal.Supervisor), person(3, journal.Operator)
	ask := func(by journal.Staff, i journal.Instruction) *journal.Entry {
		out := s.do(&core.Instruct{By: by, Why: "a letter came", LapsesAt: s.now() + 3_600_000, Instruction: i})
		if out.Entry == nil {
			return &journal.Entry{}
		}
		return out.Entry
	}
	deposit := func(amount token.Amount) journal.Instruction {
		s.keys++
		return journal.Instruction{Account: s.account, Fund: &journal.Fund{Amount: amount, Currency: s.usd, Method: journal.ByOperator, Reference: fmt.Sprint("desk ", s.keys)}}
	}
	approve := func(by journal.Staff, e *journal.Entry) {
		if asked := e.Asked(); asked != nil {
			s.do(&core.Approve{Request: e.Seq, By: by, Digest: asked.Digest})
		}
	}
	ask(operator, deposit(2*token.PerUnit))
	needs := journal.Needs{Persons: 1, Role: journal.Supervisor}
	ask(operator, journal.Instruction{Policy: &journal.Policy{Action: journal.Deposit, Currency: s.usd, Above: 5 * token.PerUnit, Needs: needs}})
	ask(operator, deposit(5*token.PerUnit))
	approve(supervisor, ask(operator, deposit(6*token.PerUnit)))
	s.do(&core.Refuse{Request: ask(operator, deposit(7*token.PerUnit)).Seq, By: supervisor})
	command := ask(journal.Staff{Role: journal.Operator}, deposit(8*token.PerUnit))
	approve(supervisor, command)
	approve(other, command)
	frozen, good := journal.Frozen, journal.GoodStanding
	for _, standing := range []*journal.Standing{&frozen, &good} {
		approve(supervisor, ask(person(4, journal.Representative), journal.Instruction{Account: s.account, Standing: standing}))
	}
	lapses := ask(operator, deposit(9*token.PerUnit))
	s.clock.at = s.clock.at.Add(2 * time.Hour)
	s.do(&core.LapseRequest{Request: lapses.Seq})
	for _, needs := range []journal.Needs{needs, {}} { // and takes it back
		approve(other, ask(operator, journal.Instruction{Policy: &journal.Policy{Action: journal.Unfreeze, Needs: needs}}))
	}
	approve(other, ask(operator, journal.Instruction{Policy: &journal.Policy{Action: journal.BoundVendors, Currency: s.usd, Above: token.PerUnit, Needs: needs}}))
	approve(supervisor, ask(operator, journal.Instruction{Bound: &journal.Bound{Max: 999 * token.PerUnit}})) // of every currency
	ask(operator, deposit(10*token.PerUnit))                                                                 // waits
}
