// Package way is a way over TCP to a server, which a test can cut and stall.
package way

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Way passes on what comes to its address, until it is cut.
type Way struct {
	Address string

	network, target string
	listener        net.Listener

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

// New opens a way to a target of a network: tcp or unix. It is closed with the test.
func New(tb testing.TB, network, target string) *Way {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	w := &Way{Address: listener.Addr().String(), network: network, target: target, listener: listener, conns: map[net.Conn]bool{}}
	go w.serve()
	tb.Cleanup(func() { listener.Close(); w.Cut(true) })
	return w
}

func (w *Way) serve() {
	for {
		from, err := w.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial(w.network, w.target)
		if err != nil || !w.take(from, to) {
			from.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1])
				w.drop(pair[0], pair[1])
			}()
		}
	}
}

// take remembers connections, or closes them where the way is cut.
func (w *Way) take(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range conns {
		if w.cut {
			conn.Close()
		} else {
			w.conns[conn] = true
		}
	}
	return !w.cut
}

func (w *Way) drop(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
		delete(w.conns, conn)
	}
}

// Cut breaks every connection and refuses others, until it is called with false.
func (w *Way) Cut(is bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut = is; !is {
		return
	}
	for conn := range w.conns {
		conn.Close()
	}
	clear(w.conns)
}

// Break breaks every connection that there is; others are taken.
func (w *Way) Break() {
	w.Cut(true)
	w.Cut(false)
}
