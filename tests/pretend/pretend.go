// Package pretend is an application without a database, for tests of the pages: it
// answers with a fixed set of people, wallets, orders and shops, chosen so that every
// state of every page can be reached. It checks nothing but what pages rely on.
package pretend

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/edge/console"
	"farthing.dev/farthing/edge/wallet"
	"farthing.dev/farthing/token"
)

var (
	_ wallet.App  = (*App)(nil)
	_ console.App = (*App)(nil)
)

// Password is everybody's.
const Password = "correct horse battery"

// The people. Reader has bought a lot, Newcomer nothing, Late's purchase window is over,
// Poor has no funds, Strict has reached a limit, Quick buys small things at once.
const (
	Reader   = "reader@example.org"
	Newcomer = "new@example.org"
	Late     = "late@example.org"
	Poor     = "poor@example.org"
	Strict   = "strict@example.org"
	Quick    = "quick@example.org"
)

// Now is what time it always is.
func Now() time.Time { return time.Date(2026, 11, 24, 14, 5, 0, 0, time.UTC) }

// Clock is a clock that stands at Now.
type Clock struct{}

// Now returns what time it always is.
func (Clock) Now() time.Time { return Now() }

// App is the pretended application.
type App struct {
	Shop    token.VendorID // Reader is a member of it
	Foreign token.VendorID // nobody here is a member of it
	Site    string         // where orders lead back to

	Open, Long, Hold, Test, Expired, Taken, Mine, Owned token.OrderID

	Away bool // the database is; set it between requests

	mu     sync.Mutex
	Calls  []string // what was done, in order
	limits []buying.LimitView
	gone   map[string]bool // sessions that logged out
}

// New returns an App whose orders lead back to site.
func New(site string) *App {
	a := &App{Site: site, gone: map[string]bool{}, Shop: id[token.VendorKind](1), Foreign: id[token.VendorKind](2)}
	for i, order := range []*token.OrderID{&a.Open, &a.Long, &a.Hold, &a.Test, &a.Expired, &a.Taken, &a.Mine, &a.Owned} {
		*order = id[token.OrderKind](byte(i + 1))
	}
	return a
}

func id[K token.Kind](n byte) token.ID[K] { return token.ID[K]{1, 0x93, 5, 0x7c, 0, 0, 15: n} }

func (a *App) did(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Calls = append(a.Calls, fmt.Sprintf(format, args...))
}

// Did reports whether something was done whose record begins with prefix.
func (a *App) Did(prefix string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, call := range a.Calls {
		if strings.HasPrefix(call, prefix) {
			return true
		}
	}
	return false
}

var (
	usd = token.MustCurrency("USD")
	eur = token.MustCurrency("EUR")
	jpy = token.MustCurrency("JPY")
)

func (a *App) OpenWallet(_ context.Context, _ caller.Browser, in login.SignUp) (string, caller.Viewer, error) {
	if in.Email == Reader {
		return "", caller.Viewer{}, token.Refuse(token.Conflict, "already_taken.login")
	}
	a.did("signup %s vendor=%s", in.Email, in.VendorRef)
	return "session_" + in.Email, viewer(a, in.Email), nil
}

func (a *App) LogOut(_ context.Context, secret string) error {
	if a.Away {
		return token.Refuse(token.Unavailable, "unavailable.database")
	}
	a.did("logout %s", secret)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone[secret] = true
	return nil
}

func (a *App) Viewer(_ context.Context, secret string) (caller.Viewer, error) {
	email, ok := strings.CutPrefix(secret, "session_")
	a.mu.Lock()
	defer a.mu.Unlock()
	if !ok || a.gone[secret] {
		return caller.Viewer{}, token.Refuse(token.Unauthorised, "unauthorised.not_logged_in")
	}
	return viewer(a, email), nil
}

func viewer(a *App, email string) caller.Viewer {
	v := caller.Viewer{Email: email, Name: "Ada Lovelace", User: id[token.UserKind](9), Account: id[token.AccountKind](9), LoginAt: Now(), AuthAt: Now().UnixMilli(), WindowUntil: Now().Add(30 * time.Minute)}
	switch email {
	case Late:
		v.WindowUntil = Now().Add(-time.Minute)
	case Reader:
		v.Vendors = []token.VendorID{a.Shop}
	case Newcomer:
		v.Name = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh von und zu Hohenstein-Untermühlhausen"
	}
	return v
}

func (a *App) Wallet(_ context.Context, v caller.Viewer) (buying.WalletView, error) {
	if v.Email == Newcomer {
		return buying.WalletView{}, nil
	}
	view := buying.WalletView{
		Balances: []funding.Balance{
			{Currency: usd, Amount: 12_345_678_250_000, Held: 4_000_000, Credit: 20_000_000},
			{Currency: eur, Amount: 4_750_000},
			{Currency: jpy, Amount: 1_250_000_000},
			{Currency: usd, Amount: 500_000, Class: token.Class{Kind: token.Incentive}, Issuer: "The Daily Harbour", ExpiresAt: Now().AddDate(0, 1, 0)},
		},
		Limits: []buying.LimitView{
			{ID: id[token.LimitKind](1), Currency: usd, Period: limit.PerPurchase, Max: 2_000_000},
			{ID: id[token.LimitKind](2), Currency: usd, Period: limit.Week, Max: 10_000_000, Spent: 7_350_000, FreesAt: Now().AddDate(0, 0, 6)},
			{ID: id[token.LimitKind](3), Vendor: a.Shop, VendorName: "The Daily Harbour", Currency: eur, Period: limit.Day, Max: 1_000_000, Spent: 1_000_000, FreesAt: Now().Add(9*time.Hour + 55*time.Minute)},
		},
		Allowances: []buying.AllowanceView{
			{ID: id[token.AllowanceKind](1), Vendor: a.Foreign, VendorName: longVendor, Currency: usd, PerPurchase: 250_000, Period: limit.Month, Max: 5_000_000, Spent: 1_237_500, FreesAt: Now().AddDate(0, 0, 7), Until: Now().AddDate(0, 3, 0)},
		},
		Approvals: []buying.ApprovalView{{Currency: usd, Max: 300_000}},
		Frozen:    v.Email == Poor,
	}
	view.Limits = append(view.Limits, a.limits...)
	view.Recent, _, _ = a.Purchases(context.Background(), v, "", 8)
	return view, nil
}

const (
	longVendor = "Gesellschaft für außergewöhnlich ausführliche Zeitungsartikel und Zwischenüberschriften mbH"
	longTitle  = "On the Remarkable Longevity of Harbour Cranes, Together With Some Observations Concerning Donaudampfschifffahrtsgesellschaftskapitänswitwenversicherungen"
)

func (a *App) Purchase(_ context.Context, _ caller.Viewer, order token.OrderID) (buying.Purchase, *buying.AllowanceView, error) {
	for i := range 7 {
		if p := a.purchase(i); p.Order == order {
			if p.Consent != "allowance" {
				return p, nil, nil
			}
			return p, &buying.AllowanceView{ID: id[token.AllowanceKind](1), Vendor: p.Vendor, VendorName: p.VendorName, Currency: usd,
				PerPurchase: 1_500_000, Period: limit.Week, Max: 5_000_000, Spent: p.Price, Until: Now().AddDate(0, 1, 0)}, nil
		}
	}
	return buying.Purchase{}, nil, token.Refuse(token.NotFound, "not_found.purchase")
}

// Receipt is the path of a purchase that was charged under an allowance.
func (a *App) Receipt() string { return "/wallet/purchases/" + a.purchase(1).Order.String() }

func (a *App) ReceiptFor(context.Context, caller.Viewer, token.OrderID) (string, error) {
	return "pretended.signed.receipt", nil
}

func (a *App) Purchases(_ context.Context, v caller.Viewer, before string, most int) ([]buying.Purchase, string, error) {
	if v.Email == Newcomer {
		return nil, "", nil
	}
	if before == "bad" {
		return nil, "", token.Refuse(token.Malformed, "malformed.cursor")
	}
	total := 1000
	from := 0
	if before != "" {
		fmt.Sscanf(before, "at%d", &from)
	}
	var out []buying.Purchase
	for i := from; i < total && len(out) < most; i++ {
		out = append(out, a.purchase(i))
	}
	next := ""
	if from+len(out) < total {
		next = fmt.Sprintf("at%d", from+len(out))
	}
	return out, next, nil
}

func (a *App) purchase(i int) buying.Purchase {
	p := buying.Purchase{
		Order: id[token.OrderKind](byte(i)), At: Now().Add(-time.Duration(i*i*11+i*7+3) * time.Minute), Vendor: a.Shop, VendorName: "The Daily Harbour",
		Title: "The last ferry of the season", URL: a.Site + "/ferry", Price: 250_000, Currency: usd, Status: "paid", Consent: "click", Usable: true,
	}
	switch i % 7 {
	case 1:
		p.Title, p.VendorName, p.Vendor, p.Price, p.ViewsUsed, p.ViewsTotal, p.Consent = longTitle, longVendor, a.Foreign, 1_237_500, 1, 3, "allowance"
	case 2:
		p.Title, p.Price, p.Currency, p.Ends = "夜の港の音", 120_000_000, jpy, Now().Add(20*time.Hour)
		p.VendorName, p.Vendor = "港レコード", a.Foreign
	case 3:
		p.Refunded, p.Status, p.Usable = p.Price, "refunded", false
	case 4:
		p.URL, p.Price, p.ViewsUsed, p.ViewsTotal, p.Usable, p.Consent = "", 1_234_567_890_000, 3, 3, false, "approval"
	case 5:
		p.Title, p.Price, p.Status, p.Currency = "Synthesiser, one hour", 4_000_000, "held", eur
	case 6:
		p.Title, p.Price, p.Refunded, p.Test = "API calls", 1_250, 250, true
	}
	return p
}

func (a *App) AddDemoFunds(_ context.Context, v caller.Viewer, currency token.Currency, amount token.Amount, reference string) error {
	if err := amount.Positive(); err != nil {
		return err
	}
	a.did("funds %s %s %s", v.Email, amount.Decimal(2), currency)
	return nil
}

func (a *App) SetLimit(_ context.Context, v caller.Viewer, in buying.LimitInput) error {
	a.did("limit %s %s %s %s vendor=%s", v.Email, in.Max.Decimal(2), in.Currency, in.Period, in.Vendor)
	return nil
}

func (a *App) RemoveLimit(_ context.Context, v caller.Viewer, limit token.LimitID) error {
	if limit != id[token.LimitKind](1) {
		return token.Refuse(token.NotFound, "not_found.limit")
	}
	a.did("unlimit %s", v.Email)
	return nil
}

func (a *App) SetApproval(_ context.Context, v caller.Viewer, currency token.Currency, most token.Amount) error {
	a.did("approval %s %s %s", v.Email, most.Decimal(2), currency)
	return nil
}

func (a *App) RaiseApproval(_ context.Context, v caller.Viewer, currency token.Currency, atLeast token.Amount) error {
	a.did("raise approval %s %s %s", v.Email, atLeast.Decimal(2), currency)
	return nil
}

func (a *App) GiveAllowance(_ context.Context, v caller.Viewer, in buying.AllowanceInput) error {
	if in.Days < 1 {
		return token.Refuse(token.Unprocessable, "field_invalid.allowance_days", token.Number("most", 3660), token.Number("got", int64(in.Days)))
	}
	a.did("allow %s %s %d", v.Email, in.Vendor, in.Days)
	return nil
}

func (a *App) TakeAllowance(_ context.Context, v caller.Viewer, _ token.AllowanceID) error {
	a.did("disallow %s", v.Email)
	return nil
}

func (a *App) Checkout(_ context.Context, order token.OrderID, v *caller.Viewer) (buying.Checkout, error) {
	c := buying.Checkout{
		Order: order, Vendor: a.Shop, VendorName: "The Daily Harbour", VendorSite: a.Site, Title: "The last ferry of the season",
		Description: "Every November the Hilda makes her final crossing. This year it may really be the last.",
		ItemURL:     a.Site + "/ferry", Price: 250_000, Currency: usd, Terms: entitlement.Terms{Times: 3, Days: 30}, Status: "open",
		ExpiresAt: Now().Add(25 * time.Minute), CancelURL: a.Site + "/ferry", CanPay: true, Balance: 12_500_000,
	}
	switch order {
	case a.Open:
	case a.Long:
		c.VendorName, c.Title, c.Price = longVendor, longTitle, 1_234_567_890_000
		c.Terms = entitlement.Terms{Times: 1_000_000, Hours: 48, Days: 365, Expiry: Now().AddDate(1, 0, 0).UnixMilli()}
		c.Balance = token.MaxAmount
	case a.Hold:
		c.Title, c.Manual, c.HoldHours, c.Price, c.Currency, c.Terms = "Synthesiser, one hour", true, 24, 4_000_000, eur, entitlement.Terms{Hours: 1}
	case a.Test:
		c.Test, c.CanPay = true, true
	case a.Expired:
		c.Expired, c.Status, c.CanPay = true, "expired", false
	case a.Taken:
		c.Status, c.CanPay = "paid", false
	case a.Mine:
		c.Status, c.Paid = "paid", v != nil
	case token.OrderID{}:
		c.ExpiresAt = time.Time{}
	case a.Owned:
		c.Owned, c.WithoutAsking = v != nil, v != nil
	default:
		return buying.Checkout{}, token.Refuse(token.NotFound, "not_found.order")
	}
	if c.Status == "open" && !c.Test {
		c.Problem = problem(v)
		c.CanPay = c.Problem == nil
		if v != nil && v.Email == Poor {
			c.Balance = 40_000
		}
		c.WithoutAsking = c.WithoutAsking || v != nil && v.Email == Quick
	}
	return c, nil
}

// problem is why a viewer cannot buy.
func problem(v *caller.Viewer) *token.Error {
	switch {
	case v == nil:
		return token.Refuse(token.Unauthorised, "unauthorised.not_logged_in")
	case v.Email == Late:
		return token.Refuse(token.Forbidden, "purchase_window_closed.buy")
	case v.Email == Poor:
		return token.Refuse(token.Unfunded, "insufficient_funds.wallet", token.Money("short", token.PerUnit, token.MustCurrency("USD")))
	case v.Email == Strict:
		refusal := token.Refuse(token.Forbidden, "limit_exceeded.week", token.Money("most", 10*token.PerUnit, token.MustCurrency("USD"))).Until(Now().AddDate(0, 0, 6))
		refusal.Limit = id[token.LimitKind](2)
		return refusal
	}
	return nil
}

func (a *App) Pay(ctx context.Context, v caller.Viewer, order token.OrderID, quoted token.Amount, method journal.ConsentMethod) (string, error) {
	c, err := a.Checkout(ctx, order, &v)
	if err != nil {
		return "", err
	}
	if c.Problem != nil {
		return "", c.Problem
	}
	if c.Expired {
		return "", token.Refuse(token.Gone, "order_expired.order")
	}
	if quoted != c.Price {
		return "", token.Refuse(token.Conflict, "quote_changed.not_shown")
	}
	a.did("pay %s %s method=%d", v.Email, order, method)
	return a.Site + "/back?order=" + order.String() + "&ticket=pretended", nil
}

func (a *App) PayTest(ctx context.Context, order token.OrderID, quoted token.Amount) (string, error) {
	a.did("paytest %s", order)
	return a.Site + "/back?order=" + order.String() + "&ticket=pretended", nil
}

func (a *App) member(v caller.Viewer, vendor token.VendorID) error {
	if !v.MemberOf(vendor) {
		return token.Refuse(token.NotFound, "not_found.shop")
	}
	return nil
}

func (a *App) CreateVendor(_ context.Context, v caller.Viewer, name, origin string) (directory.VendorView, error) {
	if !strings.HasPrefix(origin, "https://") {
		return directory.VendorView{}, token.Refuse(token.Unprocessable, "url_not_registered.scheme")
	}
	a.did("vendor %s %s %s", v.Email, name, origin)
	return directory.VendorView{ID: a.Shop, Name: name, CreatedAt: Now()}, nil
}

func (a *App) Vendor(_ context.Context, v caller.Viewer, vendor token.VendorID) (directory.VendorView, error) {
	if err := a.member(v, vendor); err != nil {
		return directory.VendorView{}, err
	}
	return directory.VendorView{ID: vendor, Name: "The Daily Harbour", CreatedAt: Now().AddDate(-1, 0, 0), SandboxReader: id[token.ReaderKind](7),
		Sites: a.sites(vendor)}, nil
}

func (a *App) ActFor(_ context.Context, v caller.Viewer, vendor token.VendorID, test bool) (caller.Seller, error) {
	return caller.Seller{Vendor: vendor, Test: test}, a.member(v, vendor)
}

func (a *App) Sales(_ context.Context, v caller.Viewer, vendor token.VendorID, before string, most int) ([]selling.OrderView, string, error) {
	if err := a.member(v, vendor); err != nil {
		return nil, "", err
	}
	var out []selling.OrderView
	for i := range most {
		o := selling.OrderView{ID: id[token.OrderKind](byte(i)), Status: "paid", Price: 250_000, Charged: 250_000, Currency: usd, Item: journal.Item{Title: "The last ferry of the season"},
			CreatedAt: Now().Add(-time.Duration(i*i) * time.Hour), PaidAt: Now(), Net: 170_000, Fee: 5_000, Royalties: []selling.RoyaltyLine{{Amount: 50_000}, {Amount: 25_000}}}
		switch i % 5 {
		case 1:
			o.Status, o.PaidAt = "open", time.Time{}
		case 2:
			o.Item.Title, o.Test, o.Royalties = longTitle, true, nil
		case 3:
			o.Refunded, o.Price, o.Charged, o.Net = 1_000_000, 12_345_000_000, 12_345_000_000, 12_265_000_000
		case 4:
			o.Item.Title = ""
		}
		out = append(out, o)
	}
	return out, "older", nil
}

func (a *App) VendorRoyalties(_ context.Context, v caller.Viewer, vendor token.VendorID, before string, most int) ([]selling.RoyaltyView, string, error) {
	if err := a.member(v, vendor); err != nil {
		return nil, "", err
	}
	var out []selling.RoyaltyView
	for i := range most {
		line := selling.RoyaltyView{Order: id[token.OrderKind](byte(i / 3)), At: Now().Add(-time.Duration(i*i) * time.Hour), Kind: "order.paid", Payee: id[token.PayeeKind](byte(i % 3)), PayeeName: "Grete Hansen", Amount: 50_000, Currency: usd, SplitVersion: 2}
		switch i % 3 {
		case 0:
			line.Payee, line.PayeeName, line.Amount, line.SplitVersion = token.PayeeID{}, "", 170_000, 0
		case 1:
			line.Kind, line.Amount, line.PayeeName = "order.refunded", -1_234_567, longVendor
		}
		out = append(out, line)
	}
	return out, "older", nil
}

func (a *App) VendorEarnings(_ context.Context, v caller.Viewer, vendor token.VendorID) ([]funding.Balance, error) {
	return []funding.Balance{{Currency: usd, Amount: 1_234_567_500, Held: 4_000_000}, {Currency: jpy, Amount: 98_000_000_000}, {Currency: usd, Amount: 750_000, Class: token.TestClass}}, a.member(v, vendor)
}

func (a *App) VendorKeys(_ context.Context, v caller.Viewer, vendor token.VendorID) ([]directory.KeyView, error) {
	return []directory.KeyView{
		{ID: id[token.KeyKind](1), Login: "web server", Hint: "x7Qa", CreatedAt: Now().AddDate(0, -2, 0)},
		{ID: id[token.KeyKind](2), Login: "laptop of a colleague whose name is long", Hint: "9fTe", Test: true, CreatedAt: Now().AddDate(0, -1, 0)},
		{ID: id[token.KeyKind](3), Login: "web server", Hint: "aaB3", CreatedAt: Now().AddDate(-1, 0, 0), RevokedAt: Now().AddDate(0, -2, 0)},
	}, a.member(v, vendor)
}

func (a *App) CreateKey(_ context.Context, v caller.Viewer, vendor token.VendorID, login string, test bool) (string, directory.KeyView, error) {
	if login == "" {
		return "", directory.KeyView{}, token.Refuse(token.Unprocessable, "field_invalid.label_empty", token.Word("what", "key_name"))
	}
	a.did("key %s test=%v", login, test)
	return "fk_test_Tm90QVJlYWxLZXlKdXN0QVByZXRlbmRlZE9uZQ", directory.KeyView{ID: id[token.KeyKind](4), Login: login, Test: test, Hint: "dOne", CreatedAt: Now()}, a.member(v, vendor)
}

func (a *App) RevokeKey(_ context.Context, v caller.Viewer, vendor token.VendorID, key token.KeyID) error {
	a.did("revoke %s", key)
	return a.member(v, vendor)
}

func (a *App) Offers(context.Context, caller.Seller, string, int) ([]catalog.Offer, string, error) {
	return []catalog.Offer{
		{ID: id[token.OfferKind](1), Version: 3, Item: journal.Item{Title: "The last ferry of the season"}, Price: 250_000, Currency: usd},
		{ID: id[token.OfferKind](2), Version: 1, Item: journal.Item{Title: longTitle}, Price: 120_000_000, Currency: jpy},
	}, "", nil
}

func (a *App) Splits(context.Context, caller.Seller, string, int) ([]catalog.Split, string, error) {
	return []catalog.Split{{ID: id[token.SplitKind](1), Version: 2, Name: "Features", Shares: []royalty.Share{
		{Payee: id[token.PayeeKind](1), PPM: 300_000, Minimum: 20_000}, {Payee: id[token.PayeeKind](2), PPM: 125_000, Fixed: 10_000, Of: 1},
	}}}, "", nil
}

func (a *App) Payees(context.Context, caller.Seller, string, int) ([]catalog.Payee, string, error) {
	return []catalog.Payee{{ID: id[token.PayeeKind](1), Name: longVendor}, {ID: id[token.PayeeKind](2), Name: "Grete Hansen"}}, "", nil
}
