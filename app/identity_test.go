package app_test

import (
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

func TestSignUpLogInLogOut(t *testing.T) {
	h := open(t)
	secret, v, err := h.SignUp(t.Context(), login.SignUp{Email: " Bob@Reader.example ", Password: "correct horse battery", Name: "Bob", VendorRef: h.vendor.ID.String()})
	must(t, err)
	want(t, "address", v.Email, "bob@reader.example")
	want(t, "window", v.WindowUntil, provider.Noon.Add(30*time.Minute))
	owned, err := h.catalog.Account(t.Context(), v.Account)
	must(t, err)
	want(t, "referrer", owned.Referrer, h.vendor.ID)

	again, err := h.Viewer(t.Context(), secret)
	must(t, err)
	want(t, "user", again.User, v.User)

	_, _, err = h.SignUp(t.Context(), login.SignUp{Email: "bob@reader.example", Password: "correct horse battery"})
	wantCode(t, err, token.CodeTaken)

	h.Clock.Move(time.Hour)
	other, _, err := h.LogIn(t.Context(), "BOB@reader.example", "correct horse battery")
	must(t, err)
	must(t, h.LogOut(t.Context(), other))
	_, err = h.Viewer(t.Context(), other)
	wantCode(t, err, token.CodeUnauthorised)
	stale, err := h.Viewer(t.Context(), secret) // the first login stands, but its window is over
	must(t, err)
	want(t, "may buy", stale.CanBuy(h.Clock.Now()), false)

	h.Clock.Move(31 * 24 * time.Hour)
	_, err = h.Viewer(t.Context(), secret)
	wantCode(t, err, token.CodeUnauthorised)
}

func TestRefusedSignUps(t *testing.T) {
	h := open(t)
	for _, in := range []login.SignUp{
		{Email: "nobody", Password: "correct horse battery"},
		{Email: "a@b.example\r\nBcc: c@d.example", Password: "correct horse battery"},
		{Email: "a@b.example", Password: "short"},
		{Email: "a@b.example", Password: "password"},
		{Email: "a@b.example", Password: "aaaaaaaaaaaa"},
		{Email: "long.address@b.example", Password: "long.address@b.example"},
		{Email: "a@b.example", Password: "correct horse battery", Name: "two\nlines"},
	} {
		_, _, err := h.SignUp(t.Context(), in)
		wantCode(t, err, token.CodeFieldInvalid)
	}
}

func TestLoginsAnswerAlikeAndAreThrottled(t *testing.T) {
	h := open(t)
	_, _, wrong := h.LogIn(t.Context(), "ada@reader.example", "wrong password")
	_, _, unknown := h.LogIn(t.Context(), "nobody@reader.example", "wrong password")
	_, _, sandbox := h.LogIn(t.Context(), "", "")
	for _, err := range []error{wrong, unknown, sandbox} {
		want(t, "answer", err.Error(), wrong.Error())
		wantCode(t, err, token.CodeLoginInvalid)
	}
	for range 9 {
		_, _, err := h.LogIn(t.Context(), "ada@reader.example", "wrong password")
		wantCode(t, err, token.CodeLoginInvalid)
	}
	_, _, err := h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	refusal := wantCode(t, err, token.CodeThrottled)
	h.Clock.Move(refusal.RetryAt.Sub(h.Clock.Now()))
	_, _, err = h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	must(t, err)
}

func TestRevokedKeysEndAtOnceHereAndSoonElsewhere(t *testing.T) {
	h := open(t, func(d *app.Deps) { d.Alone = false })
	elsewhere := app.Compose(h.Deps)
	must(t, elsewhere.FollowChanges(t.Context()))
	secret, key, err := h.CreateKey(t.Context(), h.owner, h.vendor.ID, "checkout", false)
	must(t, err)
	for _, replica := range []*app.Rooms{h.Rooms, elsewhere} {
		seller, err := replica.Seller(t.Context(), secret)
		must(t, err)
		want(t, "login", seller.Login, "checkout")
	}
	must(t, h.RevokeKey(t.Context(), h.owner, h.vendor.ID, key.ID))
	_, err = h.Seller(t.Context(), secret)
	wantCode(t, err, token.CodeUnauthorised)
	h.Clock.Move(5 * time.Second)
	_, err = elsewhere.Seller(t.Context(), secret)
	wantCode(t, err, token.CodeUnauthorised)
}

func TestSessionsEndSoonElsewhere(t *testing.T) {
	h := open(t)
	elsewhere := app.Compose(h.Deps)
	secret, _, err := h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	must(t, err)
	_, err = elsewhere.Viewer(t.Context(), secret)
	must(t, err)
	must(t, h.LogOut(t.Context(), secret))
	h.Clock.Move(5 * time.Second)
	_, err = elsewhere.Viewer(t.Context(), secret)
	wantCode(t, err, token.CodeUnauthorised)
}

func TestANewPasswordEndsAllOtherSessions(t *testing.T) {
	h := open(t)
	secret, v, err := h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	must(t, err)
	other, _, err := h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	must(t, err)
	_, err = h.ChangePassword(t.Context(), v, "wrong password", "staple correct horse")
	wantCode(t, err, token.CodeLoginInvalid)
	_, err = h.ChangePassword(t.Context(), v, "correct horse battery", "short")
	wantCode(t, err, token.CodeFieldInvalid)
	renewed, err := h.ChangePassword(t.Context(), v, "correct horse battery", "staple correct horse")
	must(t, err)
	for _, ended := range []string{secret, other} {
		_, err = h.Viewer(t.Context(), ended)
		wantCode(t, err, token.CodeUnauthorised)
	}
	now, err := h.Viewer(t.Context(), renewed)
	must(t, err)
	want(t, "session", now.Session, v.Session)
	_, _, err = h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	wantCode(t, err, token.CodeLoginInvalid)
	_, _, err = h.LogIn(t.Context(), "ada@reader.example", "staple correct horse")
	must(t, err)
}

func TestStrangersDoNotSeeVendors(t *testing.T) {
	h := open(t)
	_, err := h.Vendor(t.Context(), h.reader, h.vendor.ID)
	wantCode(t, err, token.CodeNotFound)
	_, err = h.VendorKeys(t.Context(), h.reader, h.vendor.ID)
	wantCode(t, err, token.CodeNotFound)
	_, _, err = h.CreateKey(t.Context(), h.reader, h.vendor.ID, "mine", false)
	wantCode(t, err, token.CodeNotFound)
	_, err = h.ActFor(t.Context(), h.reader, h.vendor.ID, false)
	wantCode(t, err, token.CodeNotFound)
	_, _, err = h.Sales(t.Context(), h.reader, h.vendor.ID, "", 10)
	wantCode(t, err, token.CodeNotFound)
	_, err = h.VendorEarnings(t.Context(), h.reader, h.vendor.ID)
	wantCode(t, err, token.CodeNotFound)
}
