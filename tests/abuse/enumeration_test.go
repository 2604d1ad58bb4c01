package abuse

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestEnumeration asks in every way for somebody who has a login here and for somebody
// who has none: the answers are the same to the byte, and so is the work. The work that a
// clock could measure is hashing passwords; so the hashes are counted, and no time is taken.
func TestEnumeration(t *testing.T) {
	h := open(t)
	const known, unknown = "ada@people.example", "eve@people.example"
	asked := 0
	for _, way := range []struct {
		name, path string
		form       url.Values
	}{
		{"a wrong password", "/login", url.Values{"password": {"not the password"}}},
		{"an empty password", "/login", url.Values{"password": {""}}},
		{"a password too long", "/login", url.Values{"password": {strings.Repeat("x", 5000)}}},
		{"the way on kept", "/login", url.Values{"password": {"wrong"}, "next": {"/wallet/limits"}}},
		{"a code by e-mail", "/login/code/send", url.Values{}},
		{"a wrong code", "/login/code", url.Values{"code": {"0000 0000"}}},
		{"a passkey", "/login/passkey/options", url.Values{}},
		{"a forgotten password", "/reset", url.Values{}},
		{"a sign-up", "/signup", url.Values{"name": {"Eve"}, "password": {password}}},
		{"a sign-up with a bad password", "/signup", url.Values{"name": {"Eve"}, "password": {"short"}}},
	} {
		if !served(h, "POST "+way.path) {
			continue
		}
		t.Run(way.name, func(t *testing.T) {
			h := h.in(t)
			asked++
			var answers [2]string
			var hashes [2]uint64
			for i, email := range []string{known, unknown} {
				way.form.Set("email", email)
				before := h.State().Hashes
				got := h.send(nil, "POST", way.path, nil, way.form)
				hashes[i] = h.State().Hashes - before
				answers[i] = told(got, email)
			}
			if answers[0] != answers[1] {
				t.Errorf("who has a login is answered\n%s\nwho has none\n%s", answers[0], answers[1])
			}
			if hashes[0] != hashes[1] {
				t.Errorf("%d passwords are hashed for who has a login, %d for who has none", hashes[0], hashes[1])
			}
		})
	}
	if asked < 4 {
		t.Errorf("only %d ways were tried", asked)
	}
	// One more thing tells the two apart, if the first answers did not: being locked out.
	t.Run("throttling", func(t *testing.T) {
		h := h.in(t)
		h.Advance(time.Hour) // what was tried above is earned back
		throttled := map[string]int{}
		for _, email := range []string{known, unknown} {
			for n := range 40 {
				got := h.send(nil, "POST", "/login", nil, url.Values{"email": {email}, "password": {"guess " + strconv.Itoa(n)}})
				if got.status == http.StatusTooManyRequests {
					throttled[email]++
				}
			}
		}
		if throttled[known] == 0 || throttled[known] != throttled[unknown] {
			t.Errorf("of 40 guesses each, so many were not looked at: %v", throttled)
		}
	})
}

// served reports whether the provider has a route.
func served(h *house, pattern string) bool {
	return slices.ContainsFunc(h.routes(), func(r route) bool { return r.String() == pattern })
}

var random = regexp.MustCompile(`[A-Za-z0-9_-]{20,}`)

// told is everything that an answer tells, without the address that was asked for and
// what is random in every answer: challenges and secrets, which keep their length.
func told(g got, email string) string {
	var out strings.Builder
	names := make([]string, 0, len(g.header))
	for name := range g.header {
		names = append(names, name)
	}
	slices.Sort(names)
	out.WriteString(http.StatusText(g.status) + "\n")
	for _, name := range names {
		if name != "Date" && name != "Content-Length" && name != "X-Request-Id" { // which counts all requests
			out.WriteString(name + ": " + strings.Join(g.header[name], "; ") + "\n")
		}
	}
	out.WriteString(g.body)
	text := strings.ReplaceAll(out.String(), email, "E-MAIL")
	text = strings.ReplaceAll(text, url.QueryEscape(email), "E-MAIL")
	return random.ReplaceAllStringFunc(text, func(secret string) string { return "[" + strings.Repeat("?", len(secret)) + "]" })
}
