package login

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestPasskeys(t *testing.T) {
	h := open(t)
	owner := h.member()
	k := owner.passkey("Telephone")
	owner.get(settings).says(t, http.StatusOK, "Telephone", "Never used")
	if n := len(h.letters.To(ada)); n != 1 {
		t.Errorf("%d letters told Ada of it", n)
	}
	owner.noted("Login changed", "A passkey was added")

	other := h.person()
	options := other.post("/login/passkey/options").says(t, http.StatusOK)
	other.post("/login/passkey", "next", "/wallet/limits", "answer", k.sign(options.body)).leads(t, "/wallet/limits")
	if !other.inside() {
		t.Error("the passkey did not log in")
	}

	written := b64(k.id)
	owner.post(settings+"/passkeys/rename", "passkey", written, "name", " The old telephone ").leads(t, settings)
	owner.get(settings).says(t, http.StatusOK, "The old telephone", "Last used 15 Apr 2026, 12:00")
	for _, name := range []string{"", " ", strings.Repeat("x", 61)} {
		owner.post(settings+"/passkeys/rename", "passkey", written, "name", name).says(t, http.StatusUnprocessableEntity, "1 to 60 characters")
	}
	// To somebody else it is not there.
	eve := h.eve()
	for _, act := range []string{"/passkeys/rename", "/passkeys/remove"} {
		eve.post(settings+act, "passkey", written, "name", "Mine").says(t, http.StatusNotFound)
	}
	owner.get(settings).says(t, http.StatusOK, "The old telephone")
	for _, id := range []string{"", "!", "AAAA"} {
		owner.post(settings+"/passkeys/remove", "passkey", id).says(t, http.StatusNotFound)
	}
	owner.post(settings+"/passkeys/remove", "passkey", written).leads(t, settings)
	h.person().touch(k).says(t, http.StatusUnauthorized, "not accepted")
}

func TestPasskeysThatAreRefused(t *testing.T) {
	h := open(t)
	owner := h.member()
	good := owner.passkey("Telephone")
	for _, test := range []struct {
		name   string
		change func(k *key)
	}{
		{"another site's page", func(k *key) { k.origin = "https://evil.example" }},
		{"another port of the machine", func(k *key) { k.origin = "http://localhost:1" }},
		{"another relying party", func(k *key) { k.party = "evil.example" }},
		{"the user was not verified", func(k *key) { k.flags = present }},
		{"the user was not there", func(k *key) { k.flags = verified }},
		{"another user's handle", func(k *key) { k.handle = make([]byte, 16) }},
		{"no handle", func(k *key) { k.handle = nil }},
		{"another key", func(k *key) { k.secret = newKey(k.t, k.origin).secret }},
		{"an unknown key", func(k *key) { k.id = []byte("unknown") }},
		{"a backup that was never possible", func(k *key) { k.flags |= 0x10 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			bad := *good
			bad.count = 1000
			test.change(&bad)
			p := h.person()
			p.touch(&bad).says(t, http.StatusUnauthorized, "not accepted")
			if p.inside() {
				t.Error("it logged in")
			}
		})
	}
	h.person().touch(good).leads(t, "/wallet") // and nothing was spoilt
}

func TestAPasskeyWhoseCountGoesBackIsRefused(t *testing.T) {
	h := open(t)
	owner := h.member()
	k := owner.passkey("Key")
	h.person().touch(k).leads(t, "/wallet")
	stolen := *k
	h.person().touch(k).leads(t, "/wallet")
	thief := h.person()
	thief.touch(&stolen).says(t, http.StatusUnauthorized, "not accepted")
	if thief.inside() {
		t.Error("a copy logged in")
	}
	owner.noted("Passkey may be copied")
}

func TestWhatAPasskeySignedWorksOnceInOneBrowser(t *testing.T) {
	h := open(t)
	k := h.member().passkey("Key")
	p, thief := h.person(), h.person()
	answer := k.sign(p.post("/login/passkey/options").body)
	thief.post("/login/passkey", "answer", answer).says(t, http.StatusUnauthorized, "begin again") // asked for nothing
	thief.post("/login/passkey/options")
	thief.post("/login/passkey", "answer", answer).says(t, http.StatusUnauthorized, "not accepted") // asked for something else
	attempt := p.cookie("farthing-attempt")
	p.post("/login/passkey", "answer", answer).leads(t, "/wallet")
	p.plant("farthing-attempt", attempt)
	p.post("/login/passkey", "answer", answer).says(t, http.StatusUnauthorized, "begin again")

	late := h.person()
	answer = k.sign(late.post("/login/passkey/options").body)
	h.Clock.Move(11 * time.Minute)
	late.post("/login/passkey", "answer", answer).says(t, http.StatusUnauthorized, "begin again")
	for _, nonsense := range []string{"", "{}", "null", "[]", strings.Repeat("x", 20_000)} {
		late.post("/login/passkey/options")
		late.post("/login/passkey", "answer", nonsense).says(t, http.StatusUnauthorized, "not accepted")
	}
}

func TestANewPasskeyIsCheckedToo(t *testing.T) {
	h := open(t)
	owner := h.member()
	for _, change := range []func(k *key){
		func(k *key) { k.origin = "https://evil.example" },
		func(k *key) { k.party = "evil.example" },
		func(k *key) { k.flags = present },
	} {
		k := newKey(t, h.base)
		change(k)
		options := owner.post(settings+"/passkeys/options").says(t, http.StatusOK)
		owner.post(settings+"/passkeys", "name", "Bad", "answer", k.make(options.body)).says(t, http.StatusUnprocessableEntity, "could not be added")
	}
	k := owner.passkey("Good")
	options := owner.post(settings+"/passkeys/options").says(t, http.StatusOK)
	owner.post(settings+"/passkeys", "name", "Again", "answer", k.make(options.body)).says(t, http.StatusConflict)

	// A login's challenge is not one for a new passkey.
	options = owner.post("/login/passkey/options")
	fresh := newKey(t, h.base)
	fresh.handle = k.handle
	owner.post(settings+"/passkeys", "name", "Bad", "answer", fresh.sign(options.body)).says(t, http.StatusUnauthorized)
}
