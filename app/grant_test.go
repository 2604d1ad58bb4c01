package app_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/tests/faults"
	"farthing.dev/farthing/token"
)

// siteLogin is a reader's login at a site of the vendor's.
type siteLogin struct {
	*house
	client grant.Client
}

const siteBack = "https://daily.example/back"

var verifier = strings.Repeat("v", 43)

func (h *house) site() siteLogin {
	h.t.Helper()
	_, view, err := h.AddClient(h.t.Context(), h.owner, h.vendor.ID, oauth.ClientInput{Name: "Website", Redirects: []string{siteBack}, Public: true})
	must(h.t, err)
	client, err := h.Client(h.t.Context(), view.ID.String())
	must(h.t, err)
	return siteLogin{h, client}
}

// code logs the reader in at the site.
func (s siteLogin) code() string {
	s.t.Helper()
	sum := sha256.Sum256([]byte(verifier))
	code, err := s.IssueCode(s.t.Context(), s.reader, oauth.LoginInput{
		Client: s.client, Redirect: siteBack, Challenge: base64.RawURLEncoding.EncodeToString(sum[:]), Offline: true,
	})
	must(s.t, err)
	return code
}

func (s siteLogin) change(code string) (oauth.Issued, error) {
	return s.ChangeCode(s.t.Context(), s.client, code, siteBack, verifier)
}

func (s siteLogin) refresh(refresh string) (oauth.Issued, error) {
	return s.RefreshLogin(s.t.Context(), s.client, refresh)
}

// knows reports whether an access token is good.
func (s siteLogin) knows(access string) bool {
	_, err := s.Bearer(s.t.Context(), access)
	return err == nil
}

// logIn returns what the site is given for a code.
func (s siteLogin) logIn() oauth.Issued {
	s.t.Helper()
	issued, err := s.change(s.code())
	must(s.t, err)
	return issued
}

// The answer to a refresh may not arrive. Who asks again within half a minute is given the
// same, unless it was used meanwhile: then, and later, somebody has a copy.
func TestALostAnswerToARefreshEndsNoLogin(t *testing.T) {
	s := open(t).site()
	first := s.logIn()
	lost, err := s.refresh(first.Refresh)
	must(t, err)
	s.Clock.Move(29 * time.Second)
	got, err := s.refresh(first.Refresh)
	must(t, err)
	want(t, "the refresh token is the one that was lost", got.Refresh == lost.Refresh, true)
	want(t, "the access token is", got.Access == lost.Access, false)
	next, err := s.refresh(got.Refresh)
	must(t, err)
	want(t, "what was issued is good", s.knows(next.Access) && s.knows(got.Access), true)
	if _, err = s.refresh(first.Refresh); token.CodeOf(err) != token.CodeGrantInvalid || s.knows(next.Access) {
		t.Errorf("used again although its successor was used: %v", err)
	}

	first = s.logIn()
	lost, err = s.refresh(first.Refresh)
	must(t, err)
	s.Clock.Move(30 * time.Second)
	if _, err = s.refresh(first.Refresh); token.CodeOf(err) != token.CodeGrantInvalid || s.knows(lost.Access) {
		t.Errorf("used again after half a minute: %v", err)
	}
	if _, err = s.refresh(lost.Refresh); token.CodeOf(err) != token.CodeGrantInvalid {
		t.Errorf("what was issued is good still: %v", err)
	}
	events, _, err := s.VendorSecurityEvents(t.Context(), s.owner, s.vendor.ID, "", 10)
	must(t, err)
	want(t, "replays in the security log", events[0].Code, token.CodeGrantInvalid)
	want(t, "how many", events[0].Times, 2)
}

// A site of several processes may refresh in all of them at once.
func TestRefreshesAtOnceAreGivenTheSameSuccessor(t *testing.T) {
	s := open(t).site()
	first := s.logIn()
	var wait sync.WaitGroup
	all := make([]oauth.Issued, 8)
	for i := range all {
		wait.Go(func() {
			var err error
			if all[i], err = s.RefreshLogin(context.WithoutCancel(t.Context()), s.client, first.Refresh); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, issued := range all {
		if issued.Refresh != all[0].Refresh || !s.knows(issued.Access) {
			t.Errorf("issued %+v", issued)
		}
	}
}

// Taking a code or a refresh token and writing what is issued for it are one. Whatever
// fails, and however, no login ends by it: a site that asks again is given its tokens.
func TestNoFaultLooksLikeTheft(t *testing.T) {
	const outage = 100 // more writes than anybody tries
	for _, fault := range faults.Faults() {
		for _, writes := range []int{1, outage} {
			for _, nth := range []int{1, 2} {
				h, tables := openFaulty(t)
				s := h.site()
				twice := func(what string, ask func() (oauth.Issued, error)) oauth.Issued {
					t.Helper()
					tables.Fail(nth, writes, fault)
					issued, err := ask()
					tables.Mend()
					if err != nil {
						wantCode(t, err, fault.Code())
						if writes == 1 {
							t.Errorf("%s, %s: %v", what, fault, err)
						}
						if issued, err = ask(); err != nil {
							t.Fatalf("%s, %s, for the second time: %v", what, fault, err)
						}
					}
					if !s.knows(issued.Access) {
						t.Errorf("%s, %s: the access token is not good", what, fault)
					}
					return issued
				}
				code := s.code()
				first := twice("a code", func() (oauth.Issued, error) { return s.change(code) })
				next := twice("a refresh token", func() (oauth.Issued, error) { return s.refresh(first.Refresh) })
				_, err := s.refresh(next.Refresh)
				must(t, err)
				events, _, err := s.VendorSecurityEvents(t.Context(), s.owner, s.vendor.ID, "", 10)
				must(t, err)
				for _, e := range events {
					if e.Code == token.CodeGrantInvalid {
						t.Errorf("the vendor is told: %s", e.Detail)
					}
				}
				_, err = s.change(code)
				wantCode(t, err, token.CodeGrantInvalid) // by whoever has a copy
				_, err = s.refresh(next.Refresh)
				wantCode(t, err, token.CodeGrantInvalid)
			}
		}
	}
}

// A site tries again while the database is away for longer, with the same code or refresh
// token. Whichever of its tries was done without an answer, the next one is answered.
func TestSeveralFaultsLookLikeNoTheft(t *testing.T) {
	const outage = 100 // more writes than anybody tries
	for _, first := range faults.Faults() {
		for _, second := range faults.Faults() {
			h, tables := openFaulty(t)
			s := h.site()
			third := func(what string, pause time.Duration, ask func() (oauth.Issued, error)) oauth.Issued {
				t.Helper()
				for _, fault := range []faults.Fault{first, second} {
					tables.Fail(1, outage, fault)
					_, err := ask()
					wantCode(t, err, fault.Code())
					tables.Mend()
					s.Clock.Move(pause)
				}
				issued, err := ask()
				if err != nil {
					t.Fatalf("%s, %s, then %s, for the third time: %v", what, first, second, err)
				}
				return issued
			}
			code := s.code()
			issued := third("a code", 20*time.Second, func() (oauth.Issued, error) { return s.change(code) })
			issued = third("a refresh token", time.Minute, func() (oauth.Issued, error) { return s.refresh(issued.Refresh) })
			if !s.knows(issued.Access) {
				t.Errorf("%s, then %s: the access token is not good", first, second)
			}
		}
	}
}
