package store

import (
	"log/slog"
	"testing"
	"time"

	"farthing.dev/farthing/token"
)

// backdate has the work under way begin earlier, and the timer fire.
func (w *watch) backdate(by time.Duration) {
	w.mu.Lock()
	w.begun = w.begun.Add(-by)
	w.mu.Unlock()
	w.look()
}

func testWatch() (*health, *watch) {
	h := &health{}
	return h, newWatch(h, slog.New(slog.DiscardHandler), token.SystemClock{}, time.Minute, time.Hour)
}

// A command that is handed in while a batch is slow waits for the next one, and is told where
// that one hangs.
func TestWhoWaitedThroughASlowBatchIsToldOfTheNext(t *testing.T) {
	_, w := testWatch()
	w.begin()
	handedIn := w.lost.C(0)
	w.backdate(2 * time.Minute) // slow, and then answered
	w.end()
	w.begin()
	w.backdate(2 * time.Hour)
	select {
	case <-handedIn:
	default:
		t.Error("a command that waited through a slow batch is never told that the next one hangs")
	}
	w.end()
	if w.lost.on() || w.slow.on() {
		t.Error("the alarm goes on after the end")
	}
}

// A commit that begins late, behind something else that was slow, is noticed, too.
func TestACommitThatHangsIsNoticedHoweverLateItBegins(t *testing.T) {
	h := &health{}
	w := newWatch(h, slog.New(slog.DiscardHandler), token.SystemClock{}, time.Millisecond, 5*time.Millisecond)
	w.begin()
	<-w.lost.C(0) // by slow reads
	w.doing.Store(doingCommit)
	for deadline := time.Now().Add(10 * time.Second); len(h.list()) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("a commit hangs, and no problem is noted")
		}
		time.Sleep(time.Millisecond)
	}
	w.end()
	if len(h.list()) != 0 {
		t.Errorf("problems after the end: %v", h.list())
	}
}
