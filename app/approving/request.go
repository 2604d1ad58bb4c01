package approving

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// RequestState is what became of a request.
type RequestState string

// The states of a request. One whose time is over waits until that is recorded, which is soon.
const (
	RequestWaits   RequestState = "waiting"
	RequestDone    RequestState = "done"    // approved, and done in the same step
	RequestFailed  RequestState = "failed"  // approved, and it could not be done any more
	RequestRefused RequestState = "refused" // or taken back
	RequestLapsed  RequestState = "lapsed"  // its time was over, or who asked left
)

// RequestStates returns every state.
func RequestStates() []RequestState {
	return []RequestState{RequestWaits, RequestDone, RequestFailed, RequestRefused, RequestLapsed}
}

// RequestRecord is a request with what became of it. Given is told of one that waits only.
type RequestRecord struct {
	RequestView
	State     RequestState
	DecidedAt time.Time // of one that does not wait
	DecidedBy journal.Staff
	Decision  string // what the one who decided said
	Entry     uint64 // by which it was done; 0 where it was not
	Refused   string // the code for which the core refused it
}

// ListRequests returns a page of what staff asked for that needs others, newest first: of one
// state, or in any where it is empty. before is where the page before it ended, "" for the first.
// That somebody looked is in the staff's log.
func (a *Approving) ListRequests(ctx context.Context, by caller.Actor, state RequestState, before string, limit int) ([]RequestRecord, string, error) {
	if err := caller.NeedRole(by, staff.SeeRequests); err != nil {
		return nil, "", err
	}
	if state != "" && !slices.Contains(RequestStates(), state) {
		return nil, "", token.Refuse(token.Malformed, "malformed.request_state", token.Given("got", string(state)))
	}
	from, err := paging.ParseCursor(before)
	if err != nil {
		return nil, "", err
	}
	desk, err := a.desk(ctx)
	if err != nil {
		return nil, "", err
	}
	found, next, err := paging.Entries(ctx, a.engine, journal.TermAccount(journal.Approvals), func(e *journal.Entry) bool {
		switch state {
		case "":
			return e.Asked() != nil
		case RequestWaits:
			return e.Asked() != nil && desk.Request(e.Seq) != nil
		}
		return stateAfter(e) == state
	}, from, paging.Size(limit))
	if err != nil {
		return nil, "", err
	}
	records := make([]RequestRecord, 0, len(found))
	for _, e := range found {
		number := e.Seq
		if d := e.Decision(); d != nil {
			number = d.Request
		}
		record, err := a.recordOf(ctx, desk, number)
		if err != nil {
			return nil, "", err
		}
		records = append(records, record)
	}
	return records, next, a.looked(ctx, by, "", len(records))
}

// Request returns a request, whatever became of it. That somebody looked is in the staff's log.
func (a *Approving) Request(ctx context.Context, by caller.Actor, number uint64) (RequestRecord, error) {
	if err := caller.NeedRole(by, staff.SeeRequests); err != nil {
		return RequestRecord{}, err
	}
	desk, err := a.desk(ctx)
	if err != nil {
		return RequestRecord{}, err
	}
	record, err := a.recordOf(ctx, desk, number)
	if err != nil {
		return RequestRecord{}, err
	}
	return record, a.looked(ctx, by, strconv.FormatUint(number, 10), 1)
}

// looked writes down that staff saw requests: who is to be paid, how much and why.
func (a *Approving) looked(ctx context.Context, by caller.Actor, request string, seen int) error {
	if seen == 0 {
		return nil
	}
	detail := fmt.Sprintf("looked at %d requests of staff", seen)
	if request != "" {
		detail = "looked at the request " + request
	}
	return a.catalog.AddAct(ctx, by.Act(a.ids, a.clock.Now(), staff.RequestLooked, request, detail))
}

// recordOf finds a request and what became of it.
func (a *Approving) recordOf(ctx context.Context, desk *core.Desk, number uint64) (record RequestRecord, err error) {
	none := token.Refuse(token.NotFound, "not_found.request")
	if number == 0 || number >= 1<<63 {
		return record, none
	}
	found, err := a.engine.Find(ctx, journal.TermAccount(journal.Approvals), func(e *journal.Entry) bool { return e.Seq <= number }, number+1, 1)
	if err != nil {
		return record, err
	}
	if len(found) == 0 || found[0].Seq != number || found[0].Asked() == nil {
		return record, none
	}
	record.RequestView, record.State = requestView(number, found[0].At, found[0].Asked(), nil), RequestWaits
	if r := desk.Request(number); r != nil {
		record.Given = r.Given
	}
	closing, err := a.engine.Find(ctx, journal.TermKey(core.ClosingKey(number)), func(e *journal.Entry) bool {
		return e.Decision() != nil && e.Decision().Request == number
	}, 0, 1)
	if err != nil || len(closing) == 0 {
		return record, err
	}
	e, d := closing[0], closing[0].Decision()
	record.State, record.DecidedAt, record.DecidedBy, record.Decision, record.Refused = stateAfter(e), token.TimeAt(e.At), d.By, d.Why, d.Refused
	if record.State == RequestDone {
		record.Entry = e.Seq + 1
	}
	return record, nil
}

// stateAfter is what an entry makes of a request, "" for one that does not close any.
func stateAfter(e *journal.Entry) RequestState {
	d := e.Decision()
	switch {
	case d == nil || d.Left > 0:
		return ""
	case e.Kind == journal.ApprovalRefused:
		return RequestRefused
	case e.Kind == journal.ApprovalLapsed:
		return RequestLapsed
	case d.Refused != "":
		return RequestFailed
	}
	return RequestDone
}

func requestView(number uint64, at int64, asked *journal.Asked, given []journal.Staff) RequestView {
	return RequestView{Number: number, At: token.TimeAt(at), Instruction: asked.Instruction, Digest: asked.Digest, By: asked.By,
		Why: asked.Why, Needs: asked.Needs, Given: given, LapsesAt: token.TimeAt(asked.LapsesAt)}
}
