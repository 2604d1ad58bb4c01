package pages

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/staff"
)

// Operators find their pages in the navigation, and open them within the window of their login
// only: after it each page, and each form, asks for another login first.
func TestOperatorsPagesWantALoginInsideTheWindow(t *testing.T) {
	h := open(t)
	const link = `<a href="/operator"`
	operator, reader := h.member("ada@readers.example"), h.member("eve@readers.example")
	if page := operator.get("/wallet"); strings.Contains(page.body, link) {
		t.Error("who is no operator is offered an operator's pages")
	}
	_, err := h.App.AddOperator(t.Context(), app.ByCommand(), "ada@readers.example")
	must(t, err)
	operator.get("/wallet").says(t, http.StatusOK, link)
	if page := reader.get("/wallet"); strings.Contains(page.body, link) {
		t.Error("a reader is offered an operator's pages")
	}

	pages := []string{"/operator", "/operator/vendors", "/operator/readers", "/operator/deliveries", "/operator/log"}
	looked := func() (n int) {
		t.Helper()
		acts, _, err := h.App.StaffLog(t.Context(), app.ByCommand(), staff.Search{}, "", 50)
		must(t, err)
		for _, act := range acts {
			if act.Action == staff.ReaderLooked {
				n++
			}
		}
		return n
	}
	inside := func() {
		t.Helper()
		before := looked()
		for _, page := range pages {
			operator.get(page).says(t, http.StatusOK, link+` aria-current="page"`)
		}
		operator.post("/operator/readers", "email", "eve@readers.example").says(t, http.StatusOK, "e•••@readers.example")
		if n := looked() - before; n != 1 {
			t.Errorf("%d looks at a reader are in the log", n)
		}
	}
	inside()
	h.Clock.Move(31 * time.Minute)
	before := looked()
	for _, page := range pages {
		operator.get(page).leads(t, "/login?again=1&next="+strings.ReplaceAll(page, "/", "%2F"))
		reader.get(page).says(t, http.StatusNotFound)
	}
	operator.post("/operator/readers", "email", "eve@readers.example").leads(t, "/login?again=1&next=%2Foperator")
	if n := looked() - before; n != 0 {
		t.Errorf("a reader was looked up %d times after the window", n)
	}
	operator.get("/wallet").says(t, http.StatusOK, link) // the way there stays
	operator.logIn("ada@readers.example", "/operator/vendors").leads(t, "/operator/vendors")
	inside()

	must(t, h.App.RemoveOperator(t.Context(), app.ByCommand(), "ada@readers.example"))
	operator.logIn("ada@readers.example", "/wallet").leads(t, "/wallet")
	operator.get("/operator").says(t, http.StatusNotFound)
	if page := operator.get("/wallet"); strings.Contains(page.body, link) {
		t.Error("who is no operator any more is offered an operator's pages")
	}
}
