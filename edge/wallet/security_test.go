package wallet_test

import (
	"net/http"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/pretend"
)

func TestReadersSeeWhatHappened(t *testing.T) {
	b, _ := visit(t)
	b.logIn(pretend.Reader)
	page := b.get("/security")
	page.want(t, http.StatusOK, "Login refused", "Somebody tried to log in as you with a wrong password.", "1,204 times", "Ticket used twice", "The Daily Harbour", "Security notice", "24 Nov 2026, 14:04", "before=end")
	if strings.Contains(page.body, "something_new") {
		t.Error("a reader is shown codes")
	}
	b.get("/security?before=end").want(t, http.StatusOK, "nothing older", "Back to the newest")

	b.logIn(pretend.Newcomer)
	b.get("/security").want(t, http.StatusOK, "Nothing has happened")
}
