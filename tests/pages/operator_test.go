package pages

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
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
	_, err := h.App.AddOperator(t.Context(), caller.ByCommand(), "ada@readers.example")
	must(t, err)
	operator.get("/wallet").says(t, http.StatusOK, link)
	if page := reader.get("/wallet"); strings.Contains(page.body, link) {
		t.Error("a reader is offered an operator's pages")
	}

	pages := []string{"/operator", "/operator/vendors", "/operator/readers", "/operator/requests", "/operator/deliveries", "/operator/log"}
	looked := func() (n int) {
		t.Helper()
		acts, _, err := h.App.StaffLog(t.Context(), caller.ByCommand(), staff.Search{}, "", 50)
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

	must(t, h.App.RemoveOperator(t.Context(), caller.ByCommand(), "ada@readers.example"))
	operator.logIn("ada@readers.example", "/wallet").leads(t, "/wallet")
	operator.get("/operator").says(t, http.StatusNotFound)
	if page := operator.get("/wallet"); strings.Contains(page.body, link) {
		t.Error("who is no operator any more is offered an operator's pages")
	}
}

// Requests are approved on the page, by as many as they need, each once, and what was done is
// said; a form with another digest than was shown does nothing; a representative sees, and may
// not approve; a reader sees nothing.
func TestRequestsAreApprovedOnThePage(t *testing.T) {
	h := open(t)
	first, second, desk, reader := h.member("ada@readers.example"), h.member("eve@readers.example"), h.member("desk@readers.example"), h.member("bob@readers.example")
	for email, role := range map[string]staff.Role{"ada@readers.example": staff.Operator, "eve@readers.example": staff.Supervisor, "desk@readers.example": staff.Representative} {
		_, err := h.App.AddStaff(t.Context(), caller.ByCommand(), email, role)
		must(t, err)
	}
	usd := token.MustCurrency("USD")
	_, err := h.App.SetPolicy(t.Context(), caller.ByCommand(), journal.Policy{Action: journal.Deposit, Currency: usd, Above: 10 * token.PerUnit,
		Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}}, "")
	must(t, err)
	asked, err := h.App.Deposit(t.Context(), caller.ByCommand(), funding.DepositInput{Email: "bob@readers.example", Amount: 20 * token.PerUnit, Currency: usd, Reference: "bank 4"})
	must(t, err)
	waiting, err := h.App.Requests(t.Context(), caller.ByCommand())
	must(t, err)
	if asked.Request == 0 || len(waiting) != 1 {
		t.Fatalf("%+v, %+v", asked, waiting)
	}
	number, digest := fmt.Sprint(asked.Request), hex.EncodeToString(waiting[0].Digest[:])
	decide := func(p *person, do, digest string) answer {
		return p.post("/operator/requests", "request", number, "digest", digest, "do", do)
	}

	desk.get("/operator").leads(t, "/operator/requests")
	desk.get("/operator/vendors").says(t, http.StatusForbidden)
	desk.get("/operator/log").says(t, http.StatusForbidden)
	if page := desk.get("/operator/requests"); !strings.Contains(page.body, "bank 4") || strings.Contains(page.body, `value="approve"`) {
		t.Errorf("a representative sees %s", page.body)
	}
	decide(desk, "approve", digest).says(t, http.StatusForbidden)
	decide(reader, "approve", digest).says(t, http.StatusNotFound)
	reader.get("/operator/requests").says(t, http.StatusNotFound)

	first.get("/operator/requests").says(t, http.StatusOK, "20.00 USD", "bank 4", digest)
	decide(first, "approve", strings.Repeat("00", 32)).says(t, http.StatusConflict, "look at the request again")
	decide(first, "approve", digest).says(t, http.StatusOK, "It needs 1 more")
	decide(first, "approve", digest).says(t, http.StatusOK, "It needs 1 more")
	decide(second, "approve", digest).says(t, http.StatusOK, "is approved and done", "Nothing waits")
	decide(second, "approve", digest).says(t, http.StatusOK, "is approved and done")
	decide(second, "refuse", digest).says(t, http.StatusConflict, "decided this request already")
	reader.get("/wallet").says(t, http.StatusOK, "20.00")
}

// Staff ask for deposits and set the policy by forms, each as the role allows, and pick lines of the
// log.
func TestStaffAskAndPickOnPages(t *testing.T) {
	h := open(t)
	operator, desk, reader := h.member("ada@readers.example"), h.member("desk@readers.example"), h.member("bob@readers.example")
	for email, role := range map[string]staff.Role{"ada@readers.example": staff.Operator, "desk@readers.example": staff.Representative} {
		_, err := h.App.AddStaff(t.Context(), caller.ByCommand(), email, role)
		must(t, err)
	}
	h.member("eve@readers.example")
	_, err := h.App.AddStaff(t.Context(), caller.ByCommand(), "eve@readers.example", staff.Supervisor)
	must(t, err)
	credit := func(p *person, amount, reference string) answer {
		return p.post("/operator/deposits", "email", "bob@readers.example", "amount", amount, "currency", "USD", "reference", reference, "why", "a letter")
	}
	policy := func(p *person, above, persons string) answer {
		return p.post("/operator/policy", "action", "deposit", "above", above, "currency", "USD", "persons", persons, "role", "supervisor")
	}

	if page := desk.get("/operator/requests"); !strings.Contains(page.body, `action="/operator/deposits"`) || strings.Contains(page.body, `action="/operator/policy"`) || strings.Contains(page.body, `href="/operator/log"`) {
		t.Errorf("a representative is offered %s", page.body)
	}
	operator.get("/operator/requests").says(t, http.StatusOK, `action="/operator/policy"`)
	credit(reader, "5", "bank 1").says(t, http.StatusNotFound)
	policy(reader, "10", "1").says(t, http.StatusNotFound)
	policy(desk, "10", "1").says(t, http.StatusForbidden)
	credit(operator, "5.001", "bank 1").says(t, http.StatusUnprocessableEntity, `value="5.001"`, `value="bank 1"`)
	credit(operator, "5", "bank 1").says(t, http.StatusOK, "5.00 USD are credited")
	credit(operator, "5", "bank 1").says(t, http.StatusOK, "5.00 USD are credited")
	credit(desk, "6", "bank 2").says(t, http.StatusOK, "waits for a second person", "bank 2", "a letter")
	policy(operator, "10", "some").says(t, http.StatusUnprocessableEntity, `value="some"`)
	policy(operator, "10", "3").says(t, http.StatusUnprocessableEntity, `value="3"`)
	policy(operator, "10", "1").says(t, http.StatusOK, "is set", "10.00 USD")
	credit(operator, "11", "bank 3").says(t, http.StatusOK, "waits for a second person")
	reader.get("/wallet").says(t, http.StatusOK, "5.00")

	if page := operator.get("/operator/log?action=deposit_made"); !strings.Contains(page.body, "bank 1") || strings.Contains(page.body, "Was made") {
		t.Errorf("the log of deposits: %s", page.body)
	}
	operator.get("/operator/log?from=2100-01-01").says(t, http.StatusOK, "Nothing.")
	operator.get("/operator/log?to=yesterday").says(t, http.StatusBadRequest, "is no day")
}
