package crash

import (
	"context"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"farthing.dev/farthing/tests/launch"
)

// newHTTPClient does not try again by itself what may have been done.
func newHTTPClient() *http.Client {
	transport := launch.Transport()
	transport.MaxIdleConnsPerHost = callers
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// TestKillLosesNothingAcknowledged kills the binary at random moments under load, and
// starts it again on the same data.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	const seed = 42
	random := rand.New(rand.NewPCG(seed, 1))
	rounds := 5
	if testing.Short() {
		rounds = 2
	}
	folder, address := t.TempDir(), launch.FreeAddress(t)
	p := launch.Serve(t, address, "--data", folder)
	l := newLoad(t, p.URL)
	for round := range rounds {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		l.run(ctx, 50+random.IntN(1500), p.Kill)
		stop()
		p = launch.Serve(t, address, "--data", folder)
		l.check(t)
		t.Logf("round %d: %d purchases acknowledged and found", round+1, len(l.orders))
	}
	if recorded := l.recorded(t); len(recorded) != len(l.orders) {
		t.Errorf("%d purchases are recorded, %d were acknowledged", len(recorded), len(l.orders))
	}
	if code := p.Stop(t); code != 0 {
		t.Errorf("the provider ended with code %d", code)
	}
	if code, out, diag := launch.Run(t, "verify", "--data", folder); code != 0 {
		t.Errorf("verify ended with code %d:\n%s%s", code, out, diag)
	}
}

// TestStopAnswersWhatWasAccepted asks the binary to stop under load: whatever was
// recorded was also answered.
func TestStopAnswersWhatWasAccepted(t *testing.T) {
	folder, address := t.TempDir(), launch.FreeAddress(t)
	p := launch.Serve(t, address, "--data", folder)
	l := newLoad(t, p.URL)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	stopped := make(chan int, 1)
	l.run(ctx, 500, func() { go func() { stopped <- p.Stop(t) }() })
	if code := <-stopped; code != 0 {
		t.Errorf("the provider ended with code %d", code)
	}
	p = launch.Serve(t, address, "--data", folder)
	acknowledged := map[string]bool{}
	for _, id := range l.orders {
		acknowledged[id] = true
	}
	recorded := l.recorded(t)
	for id := range recorded {
		if !acknowledged[id] {
			t.Errorf("%s was recorded, but its buyer got no answer", id)
		}
	}
	if len(recorded) != len(acknowledged) {
		t.Errorf("%d purchases are recorded, %d were acknowledged", len(recorded), len(acknowledged))
	}
}
