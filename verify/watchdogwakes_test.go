package verify

import (
	"errors"
	"log/slog"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// testWatchdogWakesToAnApproval has a server stop before its watchdog has seen the last approval: what
// is stored of the approvals is as of that entry then. The next watchdog knows what is done behind
// it as approved.
func testWatchdogWakesToAnApproval(t *testing.T, db store.Database) {
	s := begun(t, db)
	s.money()
	s.approvals()
	watch := func() *Watchdog {
		t.Helper()
		w := newWatchdog(db, s.engine, store.Follow{Log: slog.New(slog.DiscardHandler)}, watchSize)
		for more := true; more; {
			var err error
			if more, err = w.Follower.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Follower.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w
	}
	watch()
	desk, err := s.engine.Account(t.Context(), journal.Approvals)
	if err != nil || desk.Desk == nil || len(desk.Desk.Requests) == 0 {
		t.Fatalf("nothing waits: %+v, %v", desk, err)
	}
	waits := desk.Desk.Requests[len(desk.Desk.Requests)-1]
	s.do(&core.Approve{Request: waits.Seq, By: journal.Staff{User: token.UserID{0x7f, 2}, Role: journal.Supervisor}, Digest: waits.Asked.Digest})
	if err := errors.Join(s.err, s.engine.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	w := watch()
	broken, found, err := w.catalogue.Broken(t.Context())
	if err != nil || found || w.Follower.State().Lag > 0 {
		t.Errorf("%+v, %v", broken, err)
	}
}

func TestTheWatchdogWakesToAnApproval(t *testing.T) { testWatchdogWakesToAnApproval(t, migrated(t)) }
