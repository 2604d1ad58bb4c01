package app_test

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/tests/faults"
)

// Whatever is not written of a login, or of an authenticator that is set up, the code that was
// typed for it is good again: what is used up and what it is used for are one.
func TestAFaultUsesUpNoCode(t *testing.T) {
	const outage = 100 // more writes than anybody tries
	for _, fault := range []faults.Fault{faults.NotDone, faults.Vanished} {
		for nth := 1; nth <= 5; nth++ {
			h, tables := openFaulty(t)
			twice := func(what string, ask func() error) {
				t.Helper()
				tables.Fail(nth, outage, fault)
				err := ask()
				tables.Mend()
				if err == nil { // what failed is not waited for
					return
				}
				wantCode(t, err, fault.Code())
				if err := ask(); err != nil {
					t.Fatalf("%s, write %d %s, for the second time: %v", what, nth, fault, err)
				}
			}
			begun, err := h.BeginAuthenticator(t.Context(), h.reader)
			must(t, err)
			pending, err := h.PendingAuthenticator(t.Context(), h.reader, caller.Browser{Attempt: begun})
			must(t, err)
			var recovery []string
			twice("an authenticator", func() error {
				code, err := totp.GenerateCode(pending.Secret, h.Clock.Now())
				must(t, err)
				recovery, err = h.ConfirmAuthenticator(t.Context(), h.reader, caller.Browser{Attempt: begun}, code)
				return err
			})
			h.Clock.Move(time.Minute)
			code, err := totp.GenerateCode(pending.Secret, h.Clock.Now())
			must(t, err)
			for what, typed := range map[string]string{"a code of the authenticator": code, "a recovery code": recovery[0]} {
				entry, err := h.LoginByPassword(t.Context(), caller.Browser{}, h.reader.Email, "correct horse battery")
				must(t, err)
				twice(what, func() error {
					_, err := h.LoginBySecond(t.Context(), caller.Browser{Attempt: entry.Attempt}, typed)
					return err
				})
				entry, err = h.LoginByPassword(t.Context(), caller.Browser{}, h.reader.Email, "correct horse battery")
				must(t, err)
				if _, err := h.LoginBySecond(t.Context(), caller.Browser{Attempt: entry.Attempt}, typed); err == nil {
					t.Errorf("%s was taken twice", what)
				}
			}
		}
	}
}
