//go:build linux

package operations

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/tests/way"
)

// node is a way to a PostgreSQL server, and an agent that says whether it leads to the
// primary, as Patroni's does.
type node struct {
	*way.Way
	agent   string // its port
	primary atomic.Bool
	asked   atomic.Int64 // how often
}

func newNode(t *testing.T, socket string) *node {
	t.Helper()
	n := &node{Way: way.New(t, "unix", socket)}
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n.asked.Add(1)
		if !n.primary.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	_, n.agent, _ = net.SplitHostPort(agent.Listener.Addr().String())
	t.Cleanup(agent.Close)
	return n
}
