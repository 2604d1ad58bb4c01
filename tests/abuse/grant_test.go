package abuse

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// TestCodesAndTokensGrowOld presents what a login at a site is made of just in time, and
// just too late. What tests/openid does with other clients has a clock that nobody moves.
func TestCodesAndTokensGrowOld(t *testing.T) {
	h := open(t)
	late := func(what string, got tokens) {
		t.Helper()
		if got.Error != "invalid_grant" || got.Access != "" {
			t.Errorf("%s was answered %+v", what, got)
		}
	}
	code := h.code(h.ada, h.shop)
	h.Advance(time.Minute)
	late("a code of a minute ago", h.askToken(h.shop, code))

	code = h.code(h.ada, h.shop)
	h.Advance(59 * time.Second)
	got := h.token(h.shop, code)
	h.Advance(10*time.Minute - time.Second)
	if status := h.userinfo(h.shop, got.Access); status != http.StatusOK {
		t.Errorf("an access token in time was answered %d", status)
	}
	h.Advance(time.Second)
	if status := h.userinfo(h.shop, got.Access); status != http.StatusUnauthorized {
		t.Errorf("an access token of ten minutes ago was answered %d", status)
	}

	const fortnight = 14 * 24 * time.Hour
	refresh := func(from tokens) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {from.Refresh}}
	}
	got = h.token(h.shop, refresh(got))
	h.Advance(fortnight - time.Second)
	got = h.token(h.shop, refresh(got))
	h.Advance(fortnight)
	late("a refresh token of two weeks ago", h.askToken(h.shop, refresh(got)))
}
