package vendorapi_test

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// clerk is one of the staff, with a key in the name of that person.
type clerk struct {
	h    *house
	name string
	by   caller.Actor
	key  string
}

// clerk makes one of the staff. Only an operator makes keys, so the key is made before the role
// is the one that is wanted.
func (h *house) clerk(email string, role staff.Role) *clerk {
	h.t.Helper()
	ctx := h.t.Context()
	person := h.signUp(email)
	_, err := h.App.AddStaff(ctx, caller.ByCommand(), email, staff.Operator)
	h.must(err)
	by, err := h.App.Operator(ctx, person)
	h.must(err)
	secret, _, err := h.App.CreateOperatorKey(ctx, by, "a key")
	h.must(err)
	if role != staff.Operator {
		_, err = h.App.AddStaff(ctx, caller.ByCommand(), email, role)
		h.must(err)
		h.must(h.App.RemoveStaff(ctx, caller.ByCommand(), email, staff.Operator))
	}
	by, err = h.App.Operator(ctx, person)
	h.must(err)
	return &clerk{h, email, by, secret}
}

// call sends a request with the clerk's key, and wants a status, and a code where it is refused.
func (c *clerk) call(method, path, body string, status int, code token.Code) string {
	c.h.t.Helper()
	request, err := http.NewRequestWithContext(c.h.t.Context(), method, c.h.server.URL+path, strings.NewReader(body))
	c.h.must(err)
	request.Header.Set("Authorization", "Bearer "+c.key)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.h.server.Client().Do(request)
	c.h.must(err)
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	c.h.must(err)
	var problem struct{ Code token.Code }
	_ = json.Unmarshal(read, &problem)
	if response.StatusCode != status || problem.Code != code {
		c.h.t.Errorf("%s %s by %s: %d %s, want %d %s", method, path, c.name, response.StatusCode, read, status, code)
	}
	return string(read)
}

// asked is a request that the representative's deposit becomes.
func (h *house) asked(by caller.Actor, reference string) (number uint64, path, digest string) {
	h.t.Helper()
	d, err := h.App.Deposit(h.t.Context(), by, funding.DepositInput{Account: h.reader.Account, Amount: token.PerUnit, Currency: token.MustCurrency("USD"), Reference: reference})
	h.must(err)
	r, err := h.App.Request(h.t.Context(), caller.ByCommand(), d.Request)
	h.must(err)
	digest = `"` + hex.EncodeToString(r.Digest[:]) + `"`
	return d.Request, "/v1/operator/requests/" + strconv.FormatUint(d.Request, 10), digest
}

// Requests are listed, read, approved and refused by programs, each as the person who made its
// key, and in that person's role.
func TestRequestsAreDecidedByPrograms(t *testing.T) {
	h := newHouse(t)
	desk, super, operator := h.clerk("desk@staff.example", staff.Representative), h.clerk("super@staff.example", staff.Supervisor), h.clerk("one@staff.example", staff.Operator)
	secret, _, err := h.App.CreateOperatorKey(t.Context(), caller.ByCommand(), "till")
	h.must(err)
	till := &clerk{h, "a key that a command made", caller.ByCommand(), secret}
	_, path, digest := h.asked(desk.by, "bank 1")
	approve := `{"digest":` + digest + `}`

	for _, c := range []*clerk{desk, super, operator, till} {
		if got := c.call("GET", path, "", 200, ""); !strings.Contains(got, `"state":"waiting"`) || !strings.Contains(got, `"reference":"bank 1"`) || !strings.Contains(got, digest) {
			t.Errorf("%s reads %s", c.name, got)
		}
		c.call("GET", "/v1/operator/policy", "", 200, "")
	}
	desk.call("GET", "/v1/operator/log", "", 403, token.CodeForbidden)
	desk.call("POST", path+"/approve", approve, 403, token.CodeForbidden)
	till.call("POST", path+"/approve", approve, 403, token.CodeApprovalNotYours)
	super.call("POST", path+"/approve", `{"digest":"`+strings.Repeat("00", 32)+`"}`, 409, token.CodeStale)
	super.call("POST", path+"/approve", `{"digest":"yes"}`, 422, token.CodeFieldInvalid)
	super.call("POST", "/v1/operator/requests/1/approve", approve, 404, token.CodeNotFound)
	super.call("GET", "/v1/operator/requests/1", "", 404, token.CodeNotFound)
	super.call("GET", "/v1/operator/requests/one", "", 404, token.CodeNotFound)
	first := super.call("POST", path+"/approve", approve, 200, "")
	if again := super.call("POST", path+"/approve", approve, 200, ""); again != first || !strings.Contains(first, `"entry":`) {
		t.Errorf("approved: %s, and again: %s", first, again)
	}
	operator.call("POST", path+"/approve", approve, 409, token.CodeApprovalClosed)
	operator.call("POST", path+"/refuse", `{}`, 409, token.CodeApprovalClosed)

	_, own, ownDigest := h.asked(super.by, "bank 2")
	super.call("POST", own+"/approve", `{"digest":`+ownDigest+`}`, 403, token.CodeApprovalNotYours)
	refused := super.call("POST", own+"/refuse", `{"why":"twice"}`, 200, "")
	if again := super.call("POST", own+"/refuse", `{"why":"twice"}`, 200, ""); again != refused {
		t.Errorf("refused: %s, and again: %s", refused, again)
	}
	h.asked(desk.by, "bank 3")

	seen := map[string]string{}
	for _, state := range []string{"waiting", "done", "refused", "failed", "lapsed", ""} {
		var references []string
		for cursor := ""; ; {
			var page pageOf[struct{ State, Reference string }]
			h.must(json.Unmarshal([]byte(operator.call("GET", "/v1/operator/requests?limit=1&state="+state+cursor, "", 200, "")), &page))
			for _, r := range page.Data {
				references = append(references, r.Reference)
				if state != "" && r.State != state {
					t.Errorf("a request in state %q is listed as %q", r.State, state)
				}
			}
			if page.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + page.NextCursor
		}
		seen[state] = strings.Join(references, ", ")
	}
	for state, want := range map[string]string{"waiting": "bank 3", "done": "bank 1", "refused": "bank 2", "failed": "", "lapsed": "", "": "bank 3, bank 2, bank 1"} {
		if seen[state] != want {
			t.Errorf("requests in state %q: %s, want %s", state, seen[state], want)
		}
	}
	operator.call("GET", "/v1/operator/requests?state=open", "", 400, token.CodeMalformed)
	operator.call("GET", "/v1/operator/requests?colour=red", "", 400, token.CodeMalformed)
}

// The staff log is read with filters, page by page, and tells who looked at a request.
func TestTheStaffLogIsReadByPrograms(t *testing.T) {
	h := newHouse(t)
	desk, operator := h.clerk("desk@staff.example", staff.Representative), h.clerk("one@staff.example", staff.Operator)
	number, path, _ := h.asked(desk.by, "bank 1")
	desk.call("GET", path, "", 200, "")
	lines := func(query url.Values) (actions []string, next string) {
		t.Helper()
		var page pageOf[struct{ Action, Actor, Hash string }]
		h.must(json.Unmarshal([]byte(operator.call("GET", "/v1/operator/log?"+query.Encode(), "", 200, "")), &page))
		for _, l := range page.Data {
			actions = append(actions, l.Action)
		}
		return actions, page.NextCursor
	}
	all, _ := lines(url.Values{})
	if len(all) < 5 || all[0] != staff.RequestLooked {
		t.Errorf("the log: %v", all)
	}
	looks := url.Values{"action": {staff.RequestLooked}, "subject": {strconv.FormatUint(number, 10)}}
	if got, _ := lines(looks); len(got) != 2 { // asked reads it too
		t.Errorf("looks at the request: %v", got)
	}
	looks.Set("actor", staff.ByCommand)
	if got, _ := lines(looks); len(got) != 1 {
		t.Errorf("looks at it by a command: %v", got)
	}
	now := h.Clock.Now()
	if got, _ := lines(url.Values{"from": {now.Add(time.Hour).Format(time.RFC3339)}}); len(got) != 0 {
		t.Errorf("from an hour on: %v", got)
	}
	if got, _ := lines(url.Values{"to": {now.Add(-time.Hour).Format(time.RFC3339)}}); len(got) != 0 {
		t.Errorf("until an hour ago: %v", got)
	}
	var paged []string
	for query := (url.Values{"limit": {"2"}}); ; {
		got, next := lines(query)
		paged = append(paged, got...)
		if next == "" {
			break
		}
		query.Set("cursor", next)
	}
	if strings.Join(paged, " ") != strings.Join(all, " ") {
		t.Errorf("in pages: %v, at once: %v", paged, all)
	}
	operator.call("GET", "/v1/operator/log?from=yesterday", "", 400, token.CodeMalformed)
}

// pageOf is a page of a list.
type pageOf[T any] struct {
	Data       []T
	NextCursor string `json:"next_cursor"`
}
