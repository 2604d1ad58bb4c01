package app_test

import (
	"regexp"
	"strings"
	"testing"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/tests/faults"
	"farthing.dev/farthing/tests/provider"
)

var signUpPattern = regexp.MustCompile(`Your code is (\d{4} \d{4})`)

// Whatever fails while a sign-up is confirmed, and however, the same code in the same browser
// lets her in afterwards.
func TestASignUpThatFailedHalfwayIsConfirmedAgain(t *testing.T) {
	for _, fault := range faults.Faults() {
		for nth := 1; nth <= 5; nth++ {
			post := &provider.Letters{}
			h, tables := openFaulty(t, func(d *app.Deps) { d.Mailer = post })
			pending, err := h.AskSignUp(t.Context(), caller.Browser{}, login.SignUp{Email: "eve@reader.example", Password: firstPassword}, "/wallet")
			must(t, err)
			code := strings.ReplaceAll(signUpPattern.FindStringSubmatch(post.Last().Text)[1], " ", "")
			tables.Fail(nth, 100, fault)
			secret, _, err := h.ConfirmSignUp(t.Context(), caller.Browser{}, pending, code)
			tables.Mend()
			if err != nil {
				wantCode(t, err, fault.Code())
				if secret, _, err = h.ConfirmSignUp(t.Context(), caller.Browser{}, pending, code); err != nil {
					t.Errorf("write %d and all after it %s, for the second time: %v", nth, fault, err)
					continue
				}
			}
			viewer, err := h.Viewer(t.Context(), secret)
			must(t, err)
			want(t, "who is in", viewer.Email, "eve@reader.example")
		}
	}
}
