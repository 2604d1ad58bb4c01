package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

// post is a queue whose receivers answer what a test says.
type post struct {
	*delivery.Queue
	*provider.Provider
	store *store.Catalog
	logs  strings.Builder

	mu     sync.Mutex
	answer func(delivery.Message) error
	tries  map[string]int // by receiver
	lost   []token.DeliveryID
}

func open(t *testing.T) *post {
	t.Helper()
	p := &post{Provider: provider.Open(t, slog.New(slog.DiscardHandler)), tries: map[string]int{}}
	p.store = p.Catalog
	p.Queue = delivery.New(delivery.Options{Store: p.store, Clock: p.Clock, Log: slog.New(slog.NewTextHandler(&p.logs, nil)), Random: rand.NewPCG(7, 7)})
	p.Queue.Add(delivery.Sender{
		Kind: delivery.Mail, Receivers: 4, Each: 2, Attempts: 5, Patience: time.Minute, Backoff: delivery.Backoff{First: 10 * time.Second, Most: time.Minute},
		Send: func(_ context.Context, m delivery.Message) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.tries[m.Receiver]++
			return p.answer(m)
		},
		Lost: func(_ context.Context, m delivery.Message) { p.lost = append(p.lost, m.ID) },
	})
	return p
}

// put enqueues a message that is good for an hour.
func (p *post) put(t *testing.T, receiver string) token.DeliveryID {
	t.Helper()
	now := p.Clock.Now().UnixMilli()
	m := delivery.Message{ID: token.NewID[token.DeliveryKind](p.Deps.IDs), Kind: delivery.Mail, Receiver: receiver, Payload: []byte("canary"), CreatedAt: now, Due: now, Expires: now + 3_600_000}
	if err := p.store.Enqueue(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return m.ID
}

func TestTheQueueTriesAgainAndGivesUp(t *testing.T) {
	away := errors.New("no connection")
	for _, test := range []struct {
		name    string
		answers []error
		want    int
		lost    bool
	}{
		{"sent at once", nil, 1, false},
		{"sent at the third try", []error{away, away}, 3, false},
		{"not taken, then taken", []error{fmt.Errorf("%w: code 451", delivery.ErrThisOne)}, 2, false},
		{"given up after the fifth", []error{away, away, away, away, away, away, away}, 5, true},
		{"refused for good", []error{fmt.Errorf("%w: code 550", delivery.ErrRefused)}, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := open(t)
			p.answer = func(delivery.Message) error {
				if n := p.tries["a.example"]; n <= len(test.answers) {
					return test.answers[n-1]
				}
				return nil
			}
			id := p.put(t, "a.example")
			for range 10 {
				p.Deliver(t.Context())
				p.Deliver(t.Context()) // what is not due is not tried
				p.Clock.Move(time.Minute)
			}
			if p.tries["a.example"] != test.want {
				t.Errorf("%d tries, want %d", p.tries["a.example"], test.want)
			}
			if lost := len(p.lost) == 1 && p.lost[0] == id; lost != test.lost {
				t.Errorf("lost: %v", p.lost)
			}
			if strings.Contains(p.logs.String(), "canary") || strings.Contains(p.logs.String(), "a.example") {
				t.Errorf("the log tells what was written, or to where:\n%s", p.logs.String())
			}
		})
	}
}

// What a receiver says of itself is shown to operators, on a page and in a terminal, and kept by
// databases that hold no zero byte.
func TestWhatAReceiverSaysIsKeptAsText(t *testing.T) {
	p := open(t)
	p.answer = func(delivery.Message) error {
		return fmt.Errorf("%w: no\x00thing \x1b[2Jhere\r\ndlv_1  mail  given up\u202e \xff%s", delivery.ErrRefused, strings.Repeat("ä", delivery.MaxWhy))
	}
	p.put(t, "a.example")
	p.Deliver(t.Context())
	dead, err := p.store.DeadDeliveries(t.Context(), token.DeliveryID{}, 5)
	if err != nil || len(dead) != 1 {
		t.Fatalf("%v, %v", dead, err)
	}
	why := dead[0].Why
	if strings.ContainsFunc(why, func(c rune) bool { return !unicode.IsPrint(c) }) || !utf8.ValidString(why) || len(why) > delivery.MaxWhy || !strings.Contains(why, "no thing  [2Jhere") {
		t.Errorf("%q", why)
	}
}

// A receiver that does not answer rests as a whole, and one that only refuses a message does not.
func TestAReceiverRestsOnlyWhereItDoesNotAnswer(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want int
	}{
		{"does not answer", errors.New("no connection"), 2}, // the first two, at once
		{"takes one not", fmt.Errorf("%w: its mailbox is full", delivery.ErrThisOne), 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := open(t)
			p.answer = func(delivery.Message) error { return test.err }
			for range 6 {
				p.put(t, "a.example")
			}
			p.Deliver(t.Context())
			if p.tries["a.example"] != test.want {
				t.Errorf("%d messages were tried, want %d", p.tries["a.example"], test.want)
			}
		})
	}
}

// What is enqueued leaves when the queue is woken, without a tick.
func TestAMessageLeavesAtOnce(t *testing.T) {
	p := open(t)
	sent := make(chan struct{}, 1)
	p.answer = func(delivery.Message) error { sent <- struct{}{}; return nil }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { p.Run(ctx, nil); close(ended) }()
	p.put(t, "a.example")
	p.Wake()
	<-sent
	stop()
	<-ended
	if counts, err := p.store.CountDeliveries(t.Context()); err != nil || len(counts) > 0 {
		t.Errorf("left behind: %v, %v", counts, err)
	}
}
