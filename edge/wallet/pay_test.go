package wallet_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/pretend"
)

// click is how a browser says that a person went to the page.
var click = []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"}

func quoted(price string) url.Values { return url.Values{"quoted": {price}} }

func TestPayingWithOneClick(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Reader)
	path := "/pay/" + a.Open.String()
	page := b.get(path, click...)
	page.want(t, http.StatusOK, "The Daily Harbour", "The last ferry of the season", "3 views, 30 days from today", "0.25", "12.25", `name="quoted" value="0.25"`)
	if a.Did("pay") {
		t.Fatal("looking at the page paid")
	}
	paid := b.post(path, quoted("0.25"))
	if paid.status != http.StatusSeeOther || !strings.HasPrefix(paid.location, shop+"/back?order="+a.Open.String()+"&ticket=") {
		t.Fatalf("paying answered %d to %q", paid.status, paid.location)
	}
	if got := paid.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("the shop would learn where the reader comes from: %q", got)
	}
	if !a.Did("pay " + pretend.Reader + " " + a.Open.String() + " method=1") {
		t.Errorf("done: %v", a.Calls)
	}
}

func TestPayingNeedsALogin(t *testing.T) {
	b, a := visit(t)
	path := "/pay/" + a.Open.String()
	page := b.get(path)
	page.want(t, http.StatusOK, "Log in to pay", "The last ferry of the season", `name="next" value="`+path+`"`, "vendor="+a.Shop.String())
	if policy := page.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, shop) {
		t.Errorf("the login form may not lead to the shop: %q", policy)
	}
	b.post(path, quoted("0.25")).want(t, http.StatusUnauthorized, "You have been logged out since that page was shown, so nothing was charged", `name="next" value="`+path+`"`)
	if a.Did("pay") {
		t.Error("paid without a login")
	}
	b.post("/login", url.Values{"email": {pretend.Reader}, "password": {"wrong"}, "next": {path}}).want(t, http.StatusUnauthorized, "The last ferry of the season")
	if in := b.post("/login", url.Values{"email": {pretend.Reader}, "password": {pretend.Password}, "next": {path}}); in.location != path {
		t.Errorf("the login leads to %q", in.location)
	}
	b.get("/signup?next="+path).want(t, http.StatusSeeOther)
}

func TestSigningUpOnTheWayToPay(t *testing.T) {
	b, a := visit(t)
	path := "/pay/" + a.Open.String()
	b.get("/signup?next="+path+"&vendor="+a.Shop.String()).want(t, http.StatusOK, "Send the code", a.Shop.String())
	up := b.post("/signup", url.Values{"email": {"ada@example.org"}, "password": {"a good password"}, "name": {"Ada"}, "next": {path}, "vendor": {a.Shop.String()}})
	if up.location != "/signup/confirm?next="+url.QueryEscape(path) || !a.Did("asksignup ada@example.org vendor="+a.Shop.String()+" next="+path) {
		t.Errorf("signing up leads to %q; done: %v", up.location, a.Calls)
	}
}

func TestPurchaseWindowOver(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Late)
	path := "/pay/" + a.Open.String()
	b.get(path, click...).want(t, http.StatusOK, "Log in again to go on", pretend.Late, `name="next" value="`+path+`"`)
	b.post(path, quoted("0.25")).want(t, http.StatusOK, "Log in again to go on", `name="next" value="`+path+`"`)
	if a.Did("pay") {
		t.Error("a purchase after the window")
	}
}

func TestAnOldPageBuysNothing(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Reader)
	form := quoted("0.25")
	form.Set("shown", pretend.StaleForm)
	b.post("/pay/"+a.Open.String(), form).want(t, http.StatusConflict, "Please confirm again", "nothing was charged", "Pay 0.25")
	if a.Did("pay") {
		t.Error("an old page paid")
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		who    string
		status int
		says   []string
	}{
		{pretend.Poor, http.StatusPaymentRequired, []string{"Not enough", "0.04", "0.21", "/wallet/funds?currency=USD&amp;next=%2fpay%2f"}},
		{pretend.Strict, http.StatusForbidden, []string{"Over your limit", "10.00", "7.35", "a week", "30 Nov 2026", "/wallet/limits"}},
	} {
		b, a := visit(t)
		b.logIn(test.who)
		b.get("/pay/"+a.Open.String(), click...).want(t, test.status, test.says...)
		b.post("/pay/"+a.Open.String(), quoted("0.25")).want(t, test.status, test.says...)
		if a.Did("pay") {
			t.Errorf("%s paid", test.who)
		}
	}
}

func TestTheQuoteMustBeThePriceShown(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Reader)
	b.post("/pay/"+a.Open.String(), quoted("0.01")).want(t, http.StatusConflict, "look at the price again", `value="0.25"`)
	b.post("/pay/"+a.Open.String(), quoted("free")).want(t, http.StatusUnprocessableEntity)
	b.post("/pay/"+a.Open.String(), url.Values{}).want(t, http.StatusUnprocessableEntity)
	if a.Did("pay") {
		t.Error("another price was paid")
	}
}

func TestClosedOrders(t *testing.T) {
	b, a := visit(t)
	b.get("/pay/"+a.Expired.String()).want(t, http.StatusGone, "expired")
	b.logIn(pretend.Reader)
	b.get("/pay/"+a.Expired.String(), click...).want(t, http.StatusGone, "expired", "Back to harbour.example")
	b.post("/pay/"+a.Expired.String(), quoted("0.25")).want(t, http.StatusGone, "expired")
	b.get("/pay/"+a.Taken.String(), click...).want(t, http.StatusConflict, "closed")
	b.get("/pay/"+a.Mine.String()).want(t, http.StatusOK, "Already paid", "Go on to harbour.example")
}

func TestWithoutAskingOnlyWhenAPersonChoseTo(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Quick)
	path := "/pay/" + a.Open.String()
	for _, headers := range [][]string{
		{},
		{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"},
		{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-User", "?1"},
		{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"},
		append([]string{"Sec-Purpose", "prefetch"}, click...),
	} {
		b.get(path, headers...).want(t, http.StatusOK, "Pay 0.25")
	}
	b.do(http.MethodHead, path, nil, click...)
	if a.Did("pay") {
		t.Fatal("paid without a person")
	}
	if paid := b.get(path, click...); paid.status != http.StatusSeeOther || !strings.HasPrefix(paid.location, shop) || !a.Did("pay "+pretend.Quick+" "+a.Open.String()+" method=2") {
		t.Errorf("answered %d to %q; done: %v", paid.status, paid.location, a.Calls)
	}
	// What is owned already opens again by itself, too.
	c, _ := visit(t)
	c.logIn(pretend.Reader)
	if again := c.get("/pay/"+a.Owned.String(), click...); again.status != http.StatusSeeOther {
		t.Errorf("an owned item answered %d", again.status)
	}
}

func TestBuyingAtOnceIsOfferedBesideAPurchase(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Reader)
	path := "/pay/" + a.Open.String()
	b.get(path).want(t, http.StatusOK, `name="at_once"`, "buy at once up to 0.25")
	b.post(path, quoted("0.25"))
	if a.Did("raise approval") {
		t.Error("a purchase without the tick let the reader buy at once")
	}
	form := quoted("0.25")
	form.Set("at_once", "yes")
	b.post(path, form)
	if !a.Did("raise approval " + pretend.Reader + " 0.25 USD") {
		t.Errorf("the tick was not kept: %v", a.Calls)
	}
}

func TestTestOrdersNeedNoLogin(t *testing.T) {
	b, a := visit(t)
	path := "/pay/" + a.Test.String()
	b.get(path, click...).want(t, http.StatusOK, "Test order", "No real tokens")
	paid := b.post(path, quoted("0.25"))
	if paid.status != http.StatusSeeOther || !a.Did("paytest "+a.Test.String()) {
		t.Errorf("answered %d; done: %v", paid.status, a.Calls)
	}
}
