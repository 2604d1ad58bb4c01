package abuse

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/inside"
	"farthing.dev/farthing/tests/launch"
)

// TestServerSideRequests has a vendor name inner addresses wherever the provider would
// call one, at a provider that is not told to allow them. A server on this machine stands
// for everything inside: it is never called. Names that resolve to the inside, at once or
// later, are tested in tests/refusals and outbound.
func TestServerSideRequests(t *testing.T) {
	t.Parallel()
	h := &house{t: t, Held: launch.Hold(t)}
	server, called := inside.Server(t)
	server.Start()
	port := server.URL[strings.LastIndex(server.URL, ":"):]

	s := &shop{seen: &received{}, member: h.signUp("Mallory", "mallory@shop.example")}
	s.member.Get(h.URL+"/console").Submit("/console", "name", "Mallory", "origin", "https://mallory.example").Want(http.StatusOK)
	s.id = s.member.Find(`/console/(vnd_[0-9a-z]+)`)
	s.live = h.key(s, "live")
	for _, host := range []string{
		"127.0.0.1", "localhost", "LOCALHOST", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.",
		"169.254.169.254", "metadata.google.internal", "10.0.0.1", "192.168.0.1", "[fe80::1]", "[fc00::1]", "100.64.0.1", "gazette.localhost", "mallory@127.0.0.1", "①②⑦.0.0.1",
	} {
		for _, scheme := range []string{"http", "https", "ftp", "file", "gopher"} {
			address := scheme + "://" + host + port
			site, err := s.live.CreateSite(t.Context(), address)
			if err != nil {
				if status := statusOf(err); status < 400 || status >= 500 {
					t.Errorf("registering %s: %v", address, err)
				}
			} else if proved, err := s.live.ProveSite(t.Context(), site.ID); err == nil {
				t.Errorf("%s was shown to be the vendor's: %+v", address, proved)
			}
			for _, field := range []string{"redirects", "backchannel", "after_logout"} {
				form := url.Values{"name": {"x"}, "kind": {"server"}, "redirects": {"https://mallory.example/back"}}
				form.Set(field, address+"/x")
				if got := h.send(s.member.Browser, "POST", "/console/"+s.id+"/login", nil, form); got.status < 400 || got.status >= 500 {
					t.Errorf("%s as %s was answered %d", address, field, got.status)
				}
			}
		}
	}
	if n := called.Load(); n != 0 {
		t.Errorf("the provider called a server inside %d times", n)
	}
	response, err := http.Get(server.URL)
	h.must(err)
	response.Body.Close()
	if called.Load() == 0 {
		t.Error("the server inside does not notice a call, so this test shows nothing")
	}
}

// TestLogoutsAreNotToldInside has a site registered for logins while the provider may call
// private addresses, and its logout address called when it may not any more: what such an
// address was when it was registered counts for nothing.
func TestLogoutsAreNotToldInside(t *testing.T) {
	data := t.TempDir()
	h := open(t, "--data", data)
	inside := h.openShop("127.0.0.1") // by its number, which everything that makes a connection understands
	h.logInAt(h.ada, inside)
	h.Stop(t)
	seen := inside.seen.String()
	h.Held = launch.Hold(t, "--data", data)
	h.ada.Get(h.URL+"/wallet").Want(http.StatusOK, "Recent purchases") // still logged in
	h.send(h.ada.Browser, "POST", "/logout", nil, url.Values{})
	h.awaitLog(`"a delivery failed; trying again","kind":"logout"`)
	if now := inside.seen.String(); now != seen {
		t.Errorf("the provider called inside: %s", now[len(seen):])
	}
}

// awaitLog waits until the provider has logged something.
func (h *house) awaitLog(text string) {
	h.t.Helper()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	deadline := time.After(15 * time.Second)
	for !strings.Contains(h.Logs(), text) {
		select {
		case <-pause.C:
		case <-deadline:
			h.t.Fatalf("the provider did not log %q", text)
		}
	}
}

func statusOf(err error) int {
	if problem, ok := errors.AsType[*sdk.Problem](err); ok {
		return problem.Status
	}
	return 0
}
