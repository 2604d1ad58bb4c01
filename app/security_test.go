package app_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/domain/security"
	"farthing.dev/farthing/tests/faults"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

// brokenLog is a catalogue whose security log cannot be written while it is broken.
type brokenLog struct {
	app.Catalog
	broken  bool
	batches []int
}

func (b *brokenLog) AddEvents(ctx context.Context, events []security.Event) error {
	if b.broken {
		return errors.New("no database")
	}
	b.batches = append(b.batches, len(events))
	return b.Catalog.AddEvents(ctx, events)
}

func openNotes(t *testing.T) (*house, *brokenLog) {
	log := &brokenLog{}
	return open(t, func(d *app.Deps) {
		log.Catalog = d.Catalog
		d.Catalog = log
	}), log
}

func TestEachSeesItsOwnSecurityEvents(t *testing.T) {
	h := open(t)
	order := h.order(h.live, article("a", "0.25"))
	h.Record(t.Context(), activity.Event{Code: "ticket_other_session", Vendor: h.vendor.ID, User: h.reader.User, Order: order.ID, Detail: "a link was opened elsewhere"})
	h.Clock.Move(time.Minute)
	h.Record(t.Context(), activity.Event{Code: token.CodeLoginInvalid, User: h.reader.User, Detail: "a login was refused"})
	h.Record(t.Context(), activity.Event{Code: token.CodeURLNotAllowed, Vendor: h.vendor.ID, Detail: "an address was refused"})

	mine, next, err := h.SecurityEvents(t.Context(), h.reader, "", 1)
	must(t, err)
	if len(mine) != 1 || mine[0].Code != token.CodeLoginInvalid || mine[0].VendorName != "" || next == "" {
		t.Fatalf("the reader's first page: %+v, next %q", mine, next)
	}
	mine, next, err = h.SecurityEvents(t.Context(), h.reader, next, 1)
	must(t, err)
	if len(mine) != 1 || mine[0].Order != order.ID || mine[0].VendorName != "The Daily" || !mine[0].At.Equal(provider.Noon) || next != "" {
		t.Fatalf("the reader's second page: %+v, next %q", mine, next)
	}

	theirs, _, err := h.VendorSecurityEvents(t.Context(), h.owner, h.vendor.ID, "", 10)
	must(t, err)
	if len(theirs) != 3 || theirs[2].Code != token.CodeSiteProved || theirs[0].Code != token.CodeURLNotAllowed || !theirs[0].Reader.IsZero() {
		t.Fatalf("the vendor's page: %+v", theirs)
	}
	pseudonym, err := h.ReaderAt(h.vendor.ID, h.reader.User)
	must(t, err)
	want(t, "the vendor's name for the reader", theirs[1].Reader, pseudonym)

	_, _, err = h.VendorSecurityEvents(t.Context(), h.reader, h.vendor.ID, "", 10)
	wantCode(t, err, token.CodeNotFound)
	_, _, err = h.SecurityEvents(t.Context(), h.reader, "no cursor", 10)
	wantCode(t, err, token.CodeMalformed)
	none, _, err := h.SecurityEvents(t.Context(), h.owner, "", 10)
	must(t, err)
	want(t, "events of somebody else", len(none), 0)
}

func TestTheSameEventIsCounted(t *testing.T) {
	h, log := openNotes(t)
	must(t, h.WriteNotes(t.Context()))
	log.batches = nil
	for range 5000 {
		h.Record(t.Context(), activity.Event{Code: token.CodeLoginInvalid, User: h.reader.User})
	}
	for range 2 { // while it waits, and once it is written
		mine, _, err := h.SecurityEvents(t.Context(), h.reader, "", 10)
		must(t, err)
		if len(mine) != 1 || mine[0].Times != 5000 || len(log.batches) > 1 {
			t.Errorf("%+v in %v", mine, log.batches)
		}
		must(t, h.WriteNotes(t.Context()))
	}
}

func TestAFloodOfEventsIsBounded(t *testing.T) {
	h, log := openNotes(t)
	must(t, h.WriteNotes(t.Context()))
	log.batches = nil
	for i := range 3000 {
		h.Record(t.Context(), activity.Event{Code: token.Code("code_" + strconv.Itoa(i%1500)), User: h.reader.User, Detail: "number " + strconv.Itoa(i)})
	}
	log.broken = true
	if err := h.WriteNotes(t.Context()); err == nil {
		t.Fatal("writing should have failed")
	}
	log.broken = false
	must(t, h.WriteNotes(t.Context()))
	all := 0
	for _, n := range log.batches {
		all += n
	}
	want(t, "events kept", all, 1024)
	mine, _, err := h.SecurityEvents(t.Context(), h.reader, "", 1)
	must(t, err)
	want(t, "the newest that was kept", mine[0].Detail, "number 1023")
}

// A write that was done and not answered is made again, and jams nothing: each event is
// there once, with how often it happened in all.
func TestEventsAreWrittenOnceHoweverTheAnswerIsLost(t *testing.T) {
	for _, fault := range faults.Faults() {
		t.Run(fault.String(), func(t *testing.T) {
			h, tables := openFaulty(t)
			must(t, h.WriteNotes(t.Context()))
			lost := activity.Event{Code: token.CodeLoginInvalid, User: h.reader.User, Detail: "a login was refused"}
			h.Record(t.Context(), lost)
			tables.Fail(1, 100, fault)
			for range 3 {
				if err := h.WriteNotes(t.Context()); err == nil {
					t.Fatal("writing should have failed")
				}
				h.Record(t.Context(), lost)
			}
			mine, _, err := h.SecurityEvents(t.Context(), h.reader, "", 10)
			must(t, err)
			if len(mine) != 1 || mine[0].Times != 4 {
				t.Errorf("while the log cannot be written: %+v", mine)
			}
			tables.Mend()
			h.Record(t.Context(), activity.Event{Code: token.CodeThrottled, User: h.reader.User})
			must(t, h.WriteNotes(t.Context()))
			mine, _, err = h.SecurityEvents(t.Context(), h.reader, "", 10)
			must(t, err)
			if len(mine) != 2 || mine[0].Code != token.CodeThrottled || mine[1].Times != 4 {
				t.Errorf("once it could be written: %+v", mine)
			}
		})
	}
}

// hangingLog is a catalogue whose security log is written when a test lets it.
type hangingLog struct {
	app.Catalog
	asked chan struct{} // closed when the first write hangs
	once  sync.Once
	let   chan struct{}
}

func (l *hangingLog) AddEvents(ctx context.Context, events []security.Event) error {
	l.once.Do(func() { close(l.asked) })
	<-l.let
	return l.Catalog.AddEvents(ctx, events)
}

// A page of the log is there at once, with what has just happened, while a write hangs.
func TestAPageOfTheLogWaitsForNoWrite(t *testing.T) {
	log := &hangingLog{asked: make(chan struct{}), let: make(chan struct{})}
	h := open(t, func(d *app.Deps) {
		log.Catalog = d.Catalog
		d.Catalog = log
	})
	h.Record(t.Context(), activity.Event{Code: token.CodeLoginInvalid, User: h.reader.User})
	done := make(chan error, 1)
	go func() { done <- h.WriteNotes(context.WithoutCancel(t.Context())) }()
	<-log.asked
	h.Record(t.Context(), activity.Event{Code: token.CodeThrottled, User: h.reader.User})
	mine, next, err := h.SecurityEvents(t.Context(), h.reader, "", 1)
	must(t, err)
	want(t, "the newest", mine[0].Code, token.CodeThrottled)
	mine, _, err = h.SecurityEvents(t.Context(), h.reader, next, 10)
	must(t, err)
	if len(mine) != 1 || mine[0].Code != token.CodeLoginInvalid {
		t.Errorf("the next page: %+v", mine)
	}
	close(log.let)
	must(t, <-done)
}

// A stranger can be refused without end, each time a little differently. That fills no
// table, and hides nothing else.
func TestAFloodOfOneThingGetsFewLines(t *testing.T) {
	h := open(t)
	must(t, h.WriteNotes(t.Context()))
	for second := range 60 {
		for i := range 100 {
			err := h.ReturnTo(t.Context(), h.vendor.ID, "https://evil-"+strconv.Itoa(100*second+i)+".example/")
			wantCode(t, err, token.CodeURLNotAllowed)
		}
		must(t, h.WriteNotes(t.Context()))
		h.Clock.Move(time.Second)
	}
	h.Record(t.Context(), activity.Event{Code: token.CodeClientUnknown, Vendor: h.vendor.ID, Detail: "a wrong secret was given"})
	h.Clock.Move(time.Minute)
	must(t, h.WriteNotes(t.Context()))
	lines, times, others := 0, int64(0), 0
	for cursor := ""; ; {
		page, next, err := h.VendorSecurityEvents(t.Context(), h.owner, h.vendor.ID, cursor, 100)
		must(t, err)
		for _, e := range page {
			switch e.Code {
			case token.CodeURLNotAllowed:
				lines, times = lines+1, times+e.Times
			case token.CodeClientUnknown:
				others++
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	if lines > 33 || times != 6000 || others != 1 {
		t.Errorf("%d lines about %d refusals, and %d about something else", lines, times, others)
	}
}

func TestLongEventsAreCut(t *testing.T) {
	h := open(t)
	h.Record(t.Context(), activity.Event{Code: token.Code(strings.Repeat("c", 99)), User: h.reader.User, Detail: strings.Repeat("ä", 200)})
	mine, _, err := h.SecurityEvents(t.Context(), h.reader, "", 1)
	must(t, err)
	want(t, "the code", len(mine[0].Code), security.MaxCode)
	want(t, "the detail", mine[0].Detail, strings.Repeat("ä", 150))
}

func TestOldEventsAreForgotten(t *testing.T) {
	h := open(t)
	h.Record(t.Context(), activity.Event{Code: token.CodeLoginInvalid, User: h.reader.User})
	must(t, h.WriteNotes(t.Context()))
	h.Clock.Move(181 * 24 * time.Hour)
	must(t, h.WriteNotes(t.Context()))
	mine, _, err := h.SecurityEvents(t.Context(), h.reader, "", 1)
	must(t, err)
	want(t, "events after half a year", len(mine), 0)
}
