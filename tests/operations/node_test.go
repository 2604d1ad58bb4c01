//go:build linux

package operations

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

// node is a way to a PostgreSQL server that can be cut, and an agent that says whether it
// leads to the primary, as Patroni's does.
type node struct {
	database string // its address
	agent    string // the agent's port
	primary  atomic.Bool
	asked    atomic.Int64 // how often

	mu    sync.Mutex
	isCut bool
	conns map[net.Conn]bool
}

func newNode(t *testing.T, socket string) *node {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &node{database: listener.Addr().String(), conns: map[net.Conn]bool{}}
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n.asked.Add(1)
		if !n.primary.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	_, n.agent, _ = net.SplitHostPort(agent.Listener.Addr().String())
	go n.serve(listener, socket)
	t.Cleanup(func() { agent.Close(); listener.Close(); n.cut(true) })
	return n
}

func (n *node) serve(listener net.Listener, socket string) {
	for {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("unix", socket)
		if err != nil || !n.take(from, to) {
			from.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1])
				pair[0].Close()
				pair[1].Close()
			}()
		}
	}
}

// take remembers two connections, unless the way is cut.
func (n *node) take(conns ...net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, conn := range conns {
		if n.isCut {
			conn.Close()
		} else {
			n.conns[conn] = true
		}
	}
	return !n.isCut
}

// cut breaks every connection and refuses others, until it is called with false.
func (n *node) cut(is bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isCut = is; is {
		for conn := range n.conns {
			conn.Close()
		}
		clear(n.conns)
	}
}
