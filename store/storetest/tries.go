package storetest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/store"
)

// taken takes a try of each bucket, and says at which place it was refused, or -1.
func (s *shelf) taken(t *testing.T, now int64, buckets ...account.Bucket) (refused int, retryAt int64) {
	t.Helper()
	refused, retryAt, err := s.TakeTries(t.Context(), now, buckets)
	must(t, err)
	return refused, retryAt
}

func testTries(t *testing.T, s *shelf) {
	bucket := func(number int32, burst int64) account.Bucket {
		return account.Bucket{Number: number, Pace: account.Pace{Pause: 1000, Burst: burst}}
	}
	const now = 1_800_000_000_000
	one, two := bucket(7, 3), bucket(5, 5)
	for range 3 {
		if refused, _ := s.taken(t, now, one, two); refused != -1 {
			t.Fatalf("refused at %d", refused)
		}
	}
	for range 2 { // a refusal costs nothing, of the other bucket either
		if refused, retryAt := s.taken(t, now, two, one); refused != 1 || retryAt != now+1000 {
			t.Errorf("refused at %d until %d", refused, retryAt-now)
		}
	}
	s.taken(t, now, two)
	s.taken(t, now, two)
	if refused, _ := s.taken(t, now, one, two); refused != 0 {
		t.Errorf("refused at %d, where both are used up", refused)
	}
	if refused, retryAt := s.taken(t, now+400, one); refused != 0 || retryAt != now+1000 {
		t.Errorf("refused at %d until %d", refused, retryAt-now)
	}
	if refused, _ := s.taken(t, now+1000, one); refused != -1 {
		t.Error("nothing was earned back")
	}
	must(t, s.GiveTries(t.Context(), []account.Bucket{one, bucket(900, 1)}))
	if refused, _ := s.taken(t, now+1000, one); refused != -1 {
		t.Error("nothing was given back")
	}
	if refused, _ := s.taken(t, now+1000, one); refused != 0 {
		t.Error("more was given back than one")
	}
	must(t, s.DropTriesBefore(t.Context(), now+4000))
	if refused, _ := s.taken(t, now+1000, one); refused != 0 {
		t.Error("a count was forgotten that is not earned back")
	}
	must(t, s.DropTriesBefore(t.Context(), now+4001))
	if refused, _ := s.taken(t, now+1000, one); refused != -1 {
		t.Error("a count was not forgotten")
	}
	if refused, _ := s.taken(t, now+3_600_000, one); refused != -1 { // what is long earned back is not saved up
		t.Error("refused an hour later")
	}
	s.taken(t, now+3_600_000, one)
	s.taken(t, now+3_600_000, one)
	if refused, _ := s.taken(t, now+3_600_000, one); refused != 0 {
		t.Error("tries were saved up")
	}
}

// Two replicas that count at once give no try twice.
func testSharedTries(t *testing.T, s *shelf, other *store.Catalog) {
	const burst, each = 40, 30
	buckets := []account.Bucket{
		{Number: 1, Pace: account.Pace{Pause: 1000, Burst: burst}},
		{Number: 2, Pace: account.Pace{Pause: 1000, Burst: 1000}},
	}
	turned := []account.Bucket{buckets[1], buckets[0]} // in another order, which must not matter
	ctx := context.WithoutCancel(t.Context())
	var got atomic.Int64
	var wait sync.WaitGroup
	for i := range 4 {
		catalog, mine := s.Catalog, buckets
		if i%2 == 1 {
			catalog, mine = other, turned
		}
		wait.Go(func() {
			for range each {
				refused, _, err := catalog.TakeTries(ctx, 1_800_000_000_000, mine)
				if err != nil {
					t.Error(err)
				}
				if err == nil && refused == -1 {
					got.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if got.Load() != burst {
		t.Errorf("%d tries were given, of %d", got.Load(), burst)
	}
}
