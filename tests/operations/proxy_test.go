//go:build linux

package operations

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/load"
	"farthing.dev/farthing/tests/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// secret is what replicas share.
const secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

// house is one or more replicas behind a proxy.
type house struct {
	proxy     string // its address
	addresses []string
	args      [][]string
	replicas  []*launch.Process
}

// build starts replicas that are reached through proxy: one on SQLite, or more on one
// PostgreSQL.
func build(t *testing.T, replicas int) *house {
	t.Helper()
	h := &house{proxy: free(t)}
	shared := []string{"--base-url", "http://" + h.proxy, "--trusted-proxies", "127.0.0.1", "--drain", "1s"}
	if replicas > 1 {
		shared = append(shared, "--database", pgtest.Start(t), "--secret", secret)
	}
	for i := range replicas {
		h.addresses = append(h.addresses, free(t))
		h.args = append(h.args, append([]string{"--data", t.TempDir()}, shared...))
		h.replicas = append(h.replicas, launch.Serve(t, h.addresses[i], h.args[i]...))
	}
	return h
}

// restart stops one replica as an operator does, and starts it again.
func (h *house) restart(t *testing.T, i int) {
	t.Helper()
	if code := h.replicas[i].Stop(t); code != 0 {
		t.Errorf("the replica ended with code %d", code)
	}
	h.replicas[i] = launch.Serve(t, h.addresses[i], h.args[i]...)
}

// sellOn buys through the proxy while the replicas are restarted one after the other,
// rounds times, and returns what happened. Everything acknowledged is there, once.
func (h *house) sellOn(t *testing.T, rounds int) sales {
	t.Helper()
	buyers := load.New(t, h.replicas[0].URL, "http://"+h.proxy)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); buyers.Run(ctx, 8, 50*time.Millisecond) }()
	grown := func() {
		t.Helper()
		before := buyers.Figures().Acknowledged
		for deadline := time.Now().Add(30 * time.Second); buyers.Figures().Acknowledged < before+100; {
			if time.Now().After(deadline) {
				t.Fatalf("nothing is sold: %+v", buyers.Figures())
			}
			<-time.After(10 * time.Millisecond)
		}
	}
	grown()
	for range rounds {
		for i := range h.replicas {
			h.restart(t, i)
			grown()
			<-time.After(between) // balancers take a while to find a replica again
		}
	}
	stop()
	<-done
	buyers.Check(t, 0, 50)
	figures := buyers.Figures()
	t.Logf("%+v", figures)
	return sales(figures)
}

// sales are what happened.
type sales load.Figures

// nearlyAll fails where more than a thousandth of the tries were answered otherwise than by
// a sale. A connection that closes just as a request comes is answered with 502.
func (s sales) nearlyAll(t *testing.T) {
	t.Helper()
	failed := 0
	for code, n := range s.Failures {
		if failed += n; !strings.HasPrefix(code, "502") {
			t.Errorf("a restart was answered with %s", code)
		}
	}
	if failed*1000 > s.Acknowledged {
		t.Errorf("restarts were seen: %v", s.Failures)
	}
}

// page is the status at a path behind the proxy.
func (h *house) page(t *testing.T, path string) int {
	t.Helper()
	response, err := http.Get("http://" + h.proxy + path)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// between is what an operator waits between the restarts of two replicas, at least.
const between = 1500 * time.Millisecond

// rounds of restarts: one, or three where FARTHING_LONG is set.
func rounds() int {
	if os.Getenv("FARTHING_LONG") == "" {
		return 1
	}
	return 3
}

// Restarts of two replicas behind HAProxy fail nobody.
func TestHAProxyHidesRestarts(t *testing.T) {
	haproxy := tool(t, "haproxy", "haproxy")
	h := build(t, 2)
	path := settings(t, t.TempDir(), "haproxy.cfg", "127.0.0.1:8443", h.proxy, "127.0.0.1:8402", h.addresses[0], "127.0.0.1:8403", h.addresses[1])
	begin(t, nil, h.proxy, haproxy, "-db", "-f", path)
	h.sellOn(t, rounds()).nearlyAll(t)
}

// Restarts of two replicas behind nginx fail nobody.
func TestNginx(t *testing.T) {
	nginx := tool(t, "nginx", "nginx")
	h := build(t, 2)
	folder := t.TempDir()
	path := settings(t, folder, "nginx.conf", "127.0.0.1:8443", h.proxy, "127.0.0.1:8402", h.addresses[0], "127.0.0.1:8403", h.addresses[1])
	whole := filepath.Join(folder, "whole.conf")
	text := fmt.Sprintf("daemon off; pid %[1]s/pid; error_log stderr; events {}\nhttp { access_log off; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;\ninclude %[2]s; }\n", folder, path)
	if err := os.WriteFile(whole, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	begin(t, nil, h.proxy, nginx, "-p", folder, "-c", whole)
	if status := h.page(t, "/metrics"); status != http.StatusForbidden {
		t.Errorf("strangers get the metrics: %d", status)
	}
	h.sellOn(t, rounds()).nearlyAll(t)
}

// Caddy before one server: who asks for a page during a restart waits for it; who sends
// something may have to send it again.
func TestCaddyWaitsForARestart(t *testing.T) {
	if testing.Short() {
		t.Skip("not for the quick round")
	}
	caddy := tool(t, "caddy", "caddy")
	h := build(t, 1)
	folder := t.TempDir()
	path := settings(t, folder, "Caddyfile", "127.0.0.1:8443", h.proxy, "127.0.0.1:8402", h.addresses[0])
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	quiet := fmt.Sprintf("{\n\tadmin off\n\tstorage file_system %s\n\tlog {\n\t\toutput discard\n\t}\n}\n", folder)
	if err := os.WriteFile(path, append([]byte(quiet), content...), 0o644); err != nil {
		t.Fatal(err)
	}
	begin(t, nil, h.proxy, caddy, "run", "--config", path, "--adapter", "caddyfile")
	if status := h.page(t, "/metrics"); status != http.StatusForbidden {
		t.Errorf("strangers get the metrics: %d", status)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	looked := make(chan int, 1)
	go func() {
		looks := 0
		for ; ctx.Err() == nil; looks++ {
			if status := h.page(t, "/login"); status != http.StatusOK {
				t.Errorf("look %d, beside restarts: %d", looks, status)
			}
		}
		looked <- looks
	}()
	for code := range h.sellOn(t, rounds()).Failures {
		if !strings.HasPrefix(code, "502") {
			t.Errorf("a restart was answered with %s", code)
		}
	}
	stop()
	t.Logf("%d pages", <-looked)
}
