// Package inside is a server of this machine that nobody is to reach, for tests of that.
package inside

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// Server returns a server that is not started yet, and how often somebody connected to it.
// It closes with the test.
func Server(t testing.TB) (server *httptest.Server, connected *atomic.Int64) {
	connected = &atomic.Int64{}
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connected.Add(1)
		}
	}
	t.Cleanup(server.Close)
	return server, connected
}
