package operator

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/launch"
)

// TestAccessLines: each request has an id and one line, pages and API alike, and nothing in
// the lines tells of a person or a secret.
func TestAccessLines(t *testing.T) {
	server := launch.Serve(t, launch.FreeAddress(t), "--data", t.TempDir(), "--log-level", "info")
	b := launch.NewBrowser(t).SignUp(server.URL, "Ada", "ada@example.org", "a quiet harbour at dawn")
	b.Get(server.URL + "/wallet/purchases/ord_secretsecret?token=hushhush")
	want := map[string]int{"GET /wallet/purchases/{order}": 404, "GET /v1/me": 401, "GET /login": 200}
	for route := range want {
		path := strings.Replace(strings.TrimPrefix(route, "GET "), "{order}", "ord_secretsecret?token=hushhush", 1)
		if path == "/login" {
			path += "?next=/wallet%3Fname=hushhush"
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer fk_live_hushhush")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s has no id", route)
		}
	}
	server.Stop(t)
	seen, ids := map[string]int{}, map[string]bool{}
	for lines := bufio.NewScanner(strings.NewReader(server.Logs())); lines.Scan(); {
		var line struct {
			Msg, Request, Method, Route string
			Status                      int
			Ms                          float64
			Bytes                       int64
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "request" {
			continue
		}
		seen[line.Route] = line.Status
		if ids[line.Request] || line.Request == "" || line.Method == "" || line.Bytes == 0 && line.Status == http.StatusOK {
			t.Errorf("a line of its own for each request, with everything: %s", lines.Text())
		}
		ids[line.Request] = true
		for _, hush := range []string{"hushhush", "secretsecret", "ada@", "Ada", "127.0.0.1"} {
			if strings.Contains(lines.Text(), hush) {
				t.Errorf("%q is in the line %s", hush, lines.Text())
			}
		}
	}
	for route, status := range want {
		if seen[route] != status && !(route == "GET /wallet/purchases/{order}" && seen[route] != 0) {
			t.Errorf("%s was answered %d, by its line; want %d", route, seen[route], status)
		}
	}
	if seen["POST /signup"] == 0 {
		t.Errorf("no line about signing up: %v", seen)
	}
}
