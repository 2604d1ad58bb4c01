//go:build linux

package operations

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/load"
)

// failover is a cluster, two replicas that sell on it, and what may happen to it.
type failover struct {
	*cluster
	random   *rand.Rand
	replicas []*launch.Process
	buyers   *load.Buyers
}

// kill is something that happens to a whole cluster. It returns when what was killed has been
// started again.
type kill struct {
	name string
	do   func(f *failover, primary, standby *member)
}

// kills are all of them.
var kills = []kill{
	{"the primary's machine", func(f *failover, primary, _ *member) {
		primary.kill()
		f.another(primary)
		f.sold("without " + primary.name)
		primary.start(f.T)
	}},
	{"the primary's server", func(f *failover, primary, _ *member) { // its agent starts it again
		f.signal(primary.postmaster(), syscall.SIGKILL)
	}},
	{"the primary's agent, until another took over", func(f *failover, primary, _ *member) {
		primary.running.kill() // its server stays as it is: a primary beside the new one
		f.another(primary)
		f.sold("beside an old primary")
		primary.start(f.T)
	}},
	{"the primary's agent, for a moment", func(f *failover, primary, _ *member) {
		primary.running.kill()
		<-time.After(time.Duration(f.random.Int64N(int64(10 * time.Second))))
		primary.start(f.T)
	}},
	{"the standby's machine", func(f *failover, _, standby *member) {
		standby.kill()
		f.sold("without " + standby.name)
		standby.start(f.T)
	}},
	{"the standby's receiver stands still", func(f *failover, _, standby *member) {
		pid := standby.receiver()
		f.signal(pid, syscall.SIGSTOP)
		<-time.After(time.Second + time.Duration(f.random.Int64N(int64(14*time.Second))))
		f.signal(pid, syscall.SIGCONT)
	}},
	{"the primary's machine, with a standby behind and an agent that is new", func(f *failover, primary, standby *member) {
		primary.running.kill()
		primary.start(f.T)
		f.sold("with a new agent")
		f.whole() // an agent that forgets for whom commits wait is noticed here
		pid := standby.receiver()
		f.signal(pid, syscall.SIGSTOP)
		<-time.After(time.Duration(f.random.Int64N(int64(3 * time.Second))))
		primary.kill()
		f.signal(pid, syscall.SIGKILL) // what came meanwhile is lost with it
		f.another(primary)
		f.sold("after what came was lost")
		primary.start(f.T)
	}},
	{"a switchover", func(f *failover, primary, standby *member) {
		run(f.T, "/", tool(f.T, "patronictl", "patroni"), "-c", primary.config, "switchover", "--primary", primary.name, "--candidate", standby.name, "--force")
	}},
}

// signal sends a signal to a process of a server's, which may have ended meanwhile.
func (f *failover) signal(pid int, which syscall.Signal) {
	f.Helper()
	if pid == 0 { // which would be this one, and all that it started
		f.Fatal("there is no such process: the test is not what it was")
	}
	_ = syscall.Kill(pid, which)
}

// sold waits until so much was sold that it is no leftover of before.
func (f *failover) sold(when string) {
	f.Helper()
	before := f.buyers.Figures().Acknowledged
	for deadline := time.Now().Add(patience); f.buyers.Figures().Acknowledged < before+50; <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("nothing is sold %s: %+v; the cluster is %+v", when, f.buyers.Figures(), f.state())
		}
	}
}

// failoverSettings are how many kills there are, and their seed.
func failoverSettings(t *testing.T) (count int, seed uint64) {
	t.Helper()
	text := os.Getenv("FARTHING_FAILOVER_KILLS")
	if text == "" {
		t.Skip("not without FARTHING_FAILOVER_KILLS: ./test failover")
	}
	count, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	seed = uint64(time.Now().UnixNano()) % 1_000_000
	if text := os.Getenv("FARTHING_FAILOVER_SEED"); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("FARTHING_FAILOVER_KILLS=%d FARTHING_FAILOVER_SEED=%d", count, seed)
	return count, seed
}

// Whatever is killed under Patroni, nothing that was acknowledged is lost, nothing is charged
// twice, and the replicas sell on by themselves.
func TestFailover(t *testing.T) {
	count, seed := failoverSettings(t)
	f := &failover{cluster: newCluster(t), random: rand.New(rand.NewPCG(seed, 3))}
	primary, _ := f.whole()
	for _, statement := range []string{
		`CREATE ROLE farthing LOGIN PASSWORD '` + databasePassword + `' IN ROLE pg_read_all_stats`, `CREATE DATABASE farthing OWNER farthing`,
	} {
		if _, err := primary.ask(t, statement); err != nil {
			t.Fatal(err)
		}
	}
	database := []string{"--database", "postgres://farthing:" + databasePassword + "@" + f.address + "/farthing?sslmode=disable", "--secret", secret}
	for range 2 {
		f.replicas = append(f.replicas, launch.Serve(t, launch.FreeAddress(t), append([]string{"--data", t.TempDir()}, database...)...))
	}
	f.buyers = load.New(t, f.replicas[0].URL, f.replicas[0].URL, f.replicas[1].URL)
	f.buyers.Pace = 10 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); f.buyers.Run(ctx, 3, 50*time.Millisecond) }()
	for i := range f.deal(count) {
		f.strike(i)
	}
	stop()
	<-done
	figures := f.buyers.Figures()
	t.Logf("acknowledged %d, never answered %d, longest without a sale %v, other answers %v", figures.Acknowledged, figures.Unsure, figures.Longest.Round(time.Millisecond), figures.Failures)
	f.buyers.Check(t, 0, 500)
	f.buyers.Sample(t, 1, 500)
	for _, r := range f.replicas {
		if code := r.Stop(t); code != 0 {
			t.Errorf("a replica ended with %d", code)
		}
	}
	if code, out, diag := launch.Run(t, append([]string{"verify", "--data", t.TempDir()}, database...)...); code != 0 {
		t.Errorf("verify ended with %d\n%s%s", code, out, diag)
	}
}

// deal returns so many kills: as cards are dealt, so that each kind comes about as often.
func (f *failover) deal(count int) func(yield func(kill) bool) {
	return func(yield func(kill) bool) {
		for dealt := 0; dealt < count; {
			for _, i := range f.random.Perm(len(kills)) {
				if dealt++; dealt > count || !yield(kills[i]) {
					return
				}
			}
		}
	}
}

// strike lets one thing happen, and waits until all is well again.
func (f *failover) strike(k kill) {
	f.Helper()
	primary, standby := f.whole()
	f.sold("before " + k.name)
	f.buyers.Lap()
	began := time.Now()
	k.do(f, primary, standby)
	f.whole()
	whole := time.Since(began)
	for _, r := range f.replicas {
		becomes(f.T, r.URL, 200, "ready")
	}
	f.sold("after " + k.name)
	now, _ := f.whole()
	f.Logf("%s (%s): whole after %v, longest without a sale %v; primary %s", k.name, primary.name, whole.Round(100*time.Millisecond), f.buyers.Lap().Round(100*time.Millisecond), now.name)
	for _, r := range f.replicas {
		for _, line := range launch.Worst([]byte(r.Logs())) {
			f.Errorf("%s: a replica said: %s", k.name, line)
		}
	}
}
