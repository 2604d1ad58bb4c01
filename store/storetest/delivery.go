package storetest

import (
	"slices"
	"testing"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// letter makes a message that is due at a millisecond, and expires at 1000.
func (s *shelf) letter(receiver string, due int64) delivery.Message {
	return delivery.Message{
		ID: token.NewID[token.DeliveryKind](s.ids), Kind: delivery.Mail, Receiver: receiver, Payload: []byte("sealed"), CreatedAt: 5, Due: due, Expires: 1000,
	}
}

// enqueued adds a message.
func (s *shelf) enqueued(t *testing.T, receiver string, due int64) delivery.Message {
	t.Helper()
	m := s.letter(receiver, due)
	must(t, s.Enqueue(t.Context(), m))
	return m
}

// claim takes what is due at a millisecond for ten more: of two receivers, two messages each.
func (s *shelf) claim(t *testing.T, now int64) []delivery.Batch {
	t.Helper()
	batches, err := s.ClaimDeliveries(t.Context(), delivery.Ask{Kind: delivery.Mail, Now: now, Until: now + 10, Receivers: 2, Each: 2})
	must(t, err)
	return batches
}

// taken are the ids of what was claimed.
func idsOf(batches []delivery.Batch) (ids []token.DeliveryID) {
	for _, b := range batches {
		for _, m := range b.Messages {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func (s *shelf) released(t *testing.T, b delivery.Batch, now, failures, blocked int64) {
	t.Helper()
	must(t, s.ReleaseReceiver(t.Context(), b, delivery.Standing{Now: now, Failures: failures, Blocked: blocked}))
}

func testDeliveries(t *testing.T, s *shelf) {
	ctx := t.Context()
	none := []delivery.Batch(nil)
	same(t, s.claim(t, 10), nil, none)
	first, later := s.enqueued(t, "a.example", 10), s.enqueued(t, "a.example", 50)
	again := first
	again.Receiver = "elsewhere.example"
	must(t, s.Enqueue(ctx, again)) // its id is there
	same(t, s.claim(t, 9), nil, none)

	batches := s.claim(t, 10)
	same(t, idsOf(batches), nil, []token.DeliveryID{first.ID})
	got := batches[0].Messages[0]
	want := first
	want.Due, want.Attempts, want.Claim = 20, 1, 1
	same(t, got, nil, want)
	same(t, s.claim(t, 19), nil, none) // claimed
	mine, err := s.PostponeDelivery(ctx, got, 30, "away")
	same(t, mine, err, true)
	s.released(t, batches[0], 12, 1, 25)
	same(t, s.claim(t, 29), nil, none)
	batches = s.claim(t, 30)
	same(t, batches[0].Failures, nil, int64(1))
	got = batches[0].Messages[0]
	same(t, got.Attempts, nil, int64(2))
	mine, err = s.DeliveryDone(ctx, got)
	same(t, mine, err, true)
	mine, err = s.DeliveryDone(ctx, got)
	same(t, mine, err, false)
	s.released(t, batches[0], 31, 0, 0)
	same(t, idsOf(s.claim(t, 50)), nil, []token.DeliveryID{later.ID})

	counts, err := s.CountDeliveries(ctx)
	same(t, counts, err, map[delivery.Kind]delivery.Count{delivery.Mail: {Waiting: 1, Oldest: 5}})
}

// testEnqueuedTogether is about letters that are written together with what they are about: where
// that is refused, nothing is sent.
func testEnqueuedTogether(t *testing.T, s *shelf) {
	ctx := t.Context()
	var want []token.DeliveryID
	letter := func() delivery.Message { return s.letter("a.example", 10) }
	sent := func(m delivery.Message) delivery.Message { want = append(want, m.ID); return m }
	attempt := credential.Attempt{Hash: credential.AttemptHash{1}, Kind: credential.MailCode, ExpiresAt: 100}
	must(t, s.AddMailAttempt(ctx, attempt, sent(letter())))
	wantCode(t, s.AddMailAttempt(ctx, attempt, letter()), token.CodeTaken)
	signUp := account.SignUp{Hash: [32]byte{1}, Email: "ada@a.example", ExpiresAt: 100}
	must(t, s.AddSignUp(ctx, signUp, sent(letter())))
	wantCode(t, s.AddSignUp(ctx, signUp, letter()), token.CodeTaken)
	wish := account.Reset{Hash: [32]byte{1}, User: token.NewID[token.UserKind](s.ids), ExpiresAt: 100}
	must(t, s.AddReset(ctx, wish, sent(letter())))
	wantCode(t, s.AddReset(ctx, wish, letter()), token.CodeTaken)
	batches, err := s.ClaimDeliveries(ctx, delivery.Ask{Kind: delivery.Mail, Now: 10, Until: 20, Receivers: 10, Each: 10})
	same(t, idsOf(batches), err, want)
}

// testPausedDelivery has a process wake up after its claim ended, and another delivered: what
// the first one says about it does nothing.
func testPausedDelivery(t *testing.T, s *shelf) {
	ctx := t.Context()
	m := s.enqueued(t, "a.example", 10)
	paused := s.claim(t, 10)
	other := s.claim(t, 20) // the claim has ended, as if its process had died
	same(t, idsOf(other), nil, []token.DeliveryID{m.ID})
	same(t, other[0].Messages[0].Attempts, nil, int64(2))

	late := paused[0].Messages[0]
	for what, mark := range map[string]func() (bool, error){
		"done":      func() (bool, error) { return s.DeliveryDone(ctx, late) },
		"postponed": func() (bool, error) { return s.PostponeDelivery(ctx, late, 11, "late") },
		"buried":    func() (bool, error) { return s.BuryDelivery(ctx, late, 11, "late", true) },
	} {
		mine, err := mark()
		must(t, err)
		if mine {
			t.Errorf("a process that was paused past its claim marked a message %s that another has", what)
		}
	}
	s.released(t, paused[0], 21, 0, 0)
	if again := s.claim(t, 21); len(again) > 0 {
		t.Error("it ended the other's claim on the receiver")
	}
	// The other ends its own, and the receiver is forgotten, and made anew.
	mine, err := s.DeliveryDone(ctx, other[0].Messages[0])
	same(t, mine, err, true)
	s.released(t, other[0], 22, 0, 0)
	next := s.enqueued(t, "a.example", 23)
	same(t, idsOf(s.claim(t, 23)), nil, []token.DeliveryID{next.ID})
	s.released(t, paused[0], 24, 0, 0)
	s.released(t, other[0], 24, 0, 0)
	s.enqueued(t, "a.example", 24)
	if again := s.claim(t, 24); len(again) > 0 {
		t.Error("a claim of before ended one on the same receiver, made anew")
	}
}

// testFairDeliveries is about receivers in turn, and one that fails.
func testFairDeliveries(t *testing.T, s *shelf) {
	ctx := t.Context()
	var busy, also []token.DeliveryID
	for n := range int64(9) {
		busy = append(busy, s.enqueued(t, "busy.example", 10+n).ID)
		also = append(also, s.enqueued(t, "busy2.example", 10+n).ID)
	}
	one := s.enqueued(t, "one.example", 30)
	served := func(now int64, want ...token.DeliveryID) {
		t.Helper()
		batches := s.claim(t, now)
		same(t, idsOf(batches), nil, want)
		for _, b := range batches {
			for _, m := range b.Messages {
				mine, err := s.DeliveryDone(ctx, m)
				same(t, mine, err, true)
			}
			s.released(t, b, now, 0, 0)
		}
	}
	served(40, busy[0], busy[1], also[0], also[1])
	served(41, busy[2], busy[3], one.ID) // who was served goes to the end, however much waits
	two := s.enqueued(t, "two.example", 41)
	served(42, busy[4], busy[5], also[2], also[3])
	served(43, busy[6], busy[7], two.ID)

	batches := s.claim(t, 44)
	for _, b := range batches { // busy.example fails from here on
		mine, err := s.PostponeDelivery(ctx, b.Messages[0], 60, "away")
		same(t, mine, err, true)
		s.released(t, b, 44, 1, 70)
	}
	s.enqueued(t, "busy.example", 50) // does not wake it
	s.enqueued(t, "busy.example", 51)
	same(t, idsOf(s.claim(t, 69)), nil, []token.DeliveryID(nil))
	batches = s.claim(t, 70)
	for _, b := range batches {
		same(t, len(b.Messages), nil, 1) // one to try with
	}
	same(t, len(batches), nil, 2)
}

func testDeadLetters(t *testing.T, s *shelf) {
	ctx := t.Context()
	act := func(action string) staff.Act {
		return staff.Act{ID: token.NewID[token.EventKind](s.ids), At: 1, Actor: "somebody", Action: action}
	}
	kept, refused := s.enqueued(t, "a.example", 10), s.enqueued(t, "b.example", 10)
	for i, b := range s.claim(t, 10) {
		mine, err := s.BuryDelivery(ctx, b.Messages[0], 12, "no", i == 1)
		same(t, mine, err, true)
		s.released(t, b, 12, 0, 0)
	}
	dead, err := s.DeadDeliveries(ctx, token.DeliveryID{}, 10)
	want := []delivery.Dead{{Message: refused, At: 12, Why: "no"}, {Message: kept, At: 12, Why: "no"}}
	for i := range want {
		want[i].Payload, want[i].Attempts, want[i].Claim, want[i].Due = nil, 1, 1, 20
	}
	want[0].Expires = 0
	same(t, dead, err, want)
	dead, err = s.DeadDeliveries(ctx, refused.ID, 10)
	same(t, dead, err, want[1:])
	same(t, s.claim(t, 500), nil, []delivery.Batch(nil))
	counts, err := s.CountDeliveries(ctx)
	same(t, counts, err, map[delivery.Kind]delivery.Count{delivery.Mail: {Dead: 2}})

	unknown := token.NewID[token.DeliveryKind](s.ids)
	living := s.enqueued(t, "c.example", 900)
	for _, id := range []token.DeliveryID{unknown, living.ID} {
		wantCode(t, s.RetryDelivery(ctx, id, 500, act(staff.DeliveryRetried)), token.CodeNotFound)
		wantCode(t, s.DropDelivery(ctx, id, act(staff.DeliveryDropped)), token.CodeNotFound)
	}
	wantCode(t, s.RetryDelivery(ctx, refused.ID, 500, act(staff.DeliveryRetried)), token.CodeStale)
	wantCode(t, s.RetryDelivery(ctx, kept.ID, 1000, act(staff.DeliveryRetried)), token.CodeStale)
	must(t, s.RetryDelivery(ctx, kept.ID, 500, act(staff.DeliveryRetried)))
	batches := s.claim(t, 500)
	same(t, idsOf(batches), nil, []token.DeliveryID{kept.ID})
	got := batches[0].Messages[0]
	same(t, string(got.Payload), nil, "sealed")
	same(t, got.Attempts, nil, int64(1))
	must(t, s.DropDelivery(ctx, refused.ID, act(staff.DeliveryDropped)))
	acts, err := s.Acts(ctx, staff.Search{}, 10)
	must(t, err)
	var done []string
	for _, a := range acts {
		done = append(done, a.Action)
	}
	same(t, done, nil, []string{staff.DeliveryDropped, staff.DeliveryRetried})

	mine, err := s.BuryDelivery(ctx, got, 510, "no", false)
	same(t, mine, err, true)
	must(t, s.DropDeadDeliveries(ctx, 510))
	dead, err = s.DeadDeliveries(ctx, token.DeliveryID{}, 10)
	same(t, len(dead), err, 1)
	must(t, s.DropDeadDeliveries(ctx, 511))
	dead, err = s.DeadDeliveries(ctx, token.DeliveryID{}, 10)
	same(t, len(dead), err, 0)
}

func testExpiringDeliveries(t *testing.T, s *shelf) {
	ctx := t.Context()
	waits, sent, buried := s.enqueued(t, "a.example", 10), s.enqueued(t, "b.example", 10), s.enqueued(t, "c.example", 10)
	batches, err := s.ClaimDeliveries(ctx, delivery.Ask{Kind: delivery.Mail, Now: 10, Until: 5000, Receivers: 9, Each: 9})
	must(t, err)
	claimed := map[token.DeliveryID]delivery.Message{}
	for _, b := range batches {
		claimed[b.Messages[0].ID] = b.Messages[0]
	}
	mine, err := s.BuryDelivery(ctx, claimed[buried.ID], 20, "no", false)
	same(t, mine, err, true)

	lost, err := s.ExpireDeliveries(ctx, 999, 10)
	same(t, len(lost), err, 0)
	lost, err = s.ExpireDeliveries(ctx, 1000, 10)
	must(t, err)
	var ids []token.DeliveryID
	for _, m := range lost {
		ids = append(ids, m.ID)
	}
	slices.SortFunc(ids, token.DeliveryID.Compare)
	same(t, ids, nil, []token.DeliveryID{waits.ID, sent.ID})
	lost, err = s.ExpireDeliveries(ctx, 1001, 10)
	same(t, len(lost), err, 0)
	mine, err = s.PostponeDelivery(ctx, claimed[waits.ID], 1100, "away")
	same(t, mine, err, false)
	mine, err = s.DeliveryDone(ctx, claimed[sent.ID]) // it was under way, and arrived
	same(t, mine, err, true)

	dead, err := s.DeadDeliveries(ctx, token.DeliveryID{}, 10)
	must(t, err)
	var why []string
	for _, d := range dead {
		why = append(why, d.Why)
		act := staff.Act{ID: token.NewID[token.EventKind](s.ids), At: 1, Actor: "somebody", Action: staff.DeliveryRetried}
		wantCode(t, s.RetryDelivery(ctx, d.ID, 900, act), token.CodeStale) // what it said is erased
	}
	same(t, why, nil, []string{"no", delivery.Expired})
	same(t, s.claim(t, 6000), nil, []delivery.Batch(nil))
}
