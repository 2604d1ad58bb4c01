package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/pgtest"
	"farthing.dev/farthing/token"
)

// openAt opens a provider for a test, with the flags of serve.
func openAt(t *testing.T, args ...string) *provider {
	t.Helper()
	return openWithLog(t, slog.New(slog.DiscardHandler), args...)
}

func openWithLog(t *testing.T, log *slog.Logger, args ...string) *provider {
	t.Helper()
	c, _, ok := readConfig("serve", append([]string{"--data", t.TempDir()}, args...), func(string) string { return "" }, io.Discard, t.Output())
	if !ok {
		t.Fatalf("bad flags %q", args)
	}
	p, err := openProvider(t.Context(), c, token.SystemClock{}, log, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.close(context.WithoutCancel(t.Context())) })
	return p
}

// The word of a proxy counts where a setting names it, and who forgot that is told.
func TestTrustedProxiesAreASetting(t *testing.T) {
	for _, test := range []struct {
		args []string
		told bool
	}{{nil, true}, {[]string{"--trusted-proxies", "10.0.0.0/8"}, false}, {[]string{"--trusted-proxies", "10.9.0.0/16,192.168.0.0/16"}, true}} {
		said := &told{calls: make(chan struct{}, 1000)}
		p := openWithLog(t, slog.New(slog.NewTextHandler(said, nil)), test.args...)
		request := httptest.NewRequest(http.MethodPost, "http://pay.example.org/login", strings.NewReader("email=ada%40readers.example&password=wrong"))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("X-Forwarded-For", "203.0.113.9")
		request.RemoteAddr = "10.0.0.7:5"
		recorded := httptest.NewRecorder()
		p.handler.ServeHTTP(recorded, request)
		if told := strings.Contains(said.String(), "--trusted-proxies"); told != test.told || recorded.Code != http.StatusUnauthorized {
			t.Errorf("with %q: %d, %s", test.args, recorded.Code, said.String())
		}
	}
}

// A provider keeps as many connections to PostgreSQL as it is told to.
func TestThePoolHasTheSizeThatIsSet(t *testing.T) {
	dsn := pgtest.Start(t)
	for _, test := range []struct {
		args []string
		want int
	}{{nil, 16}, {[]string{"--database-connections", "7"}, 7}} {
		p := openAt(t, append(test.args, "--database", dsn, "--secret", other)...)
		if got := p.db.SQL().Stats().MaxOpenConnections; got != test.want {
			t.Errorf("with %q: %d connections", test.args, got)
		}
	}
	if _, code, diag := read(t, nil, "", "--database-connections", "3"); code != exitUsage || !strings.Contains(diag, "database-connections") {
		t.Errorf("with 3: %d %s", code, diag)
	}
}

// Every answer over https says to come back by https only: pages, the API, programs' addresses and
// errors. None says so over http, and all say everywhere that nothing of them is run or framed.
func TestEveryAnswerIsStrict(t *testing.T) {
	for _, test := range []struct{ base, want string }{{"https://pay.example.org", "max-age=31536000; includeSubDomains"}, {"http://pay.example.org", ""}} {
		p := openAt(t, "--base-url", test.base)
		for _, ask := range []string{
			"GET /", "GET /wallet", "GET /nowhere", "DELETE /login", "GET /v1/orders", "GET /v1/nowhere", "GET /openapi.json", "GET /docs", "GET /docs/nowhere",
			"GET /healthz", "GET /readyz", "GET /metrics", "GET /.well-known/jwks.json", "GET /.well-known/openid-configuration", "POST /oidc/token", "POST /oidc/authorize", "GET /assets/nothing",
			"TRACE /", "TRACE /healthz", "TRACE /v1/orders", "TRACE /oidc/token",
		} {
			method, path, _ := strings.Cut(ask, " ")
			recorded := httptest.NewRecorder()
			p.handler.ServeHTTP(recorded, httptest.NewRequest(method, test.base+path, nil))
			head := recorded.Header()
			if got := head.Get("Strict-Transport-Security"); got != test.want {
				t.Errorf("%s at %s: %d, %q", ask, test.base, recorded.Code, got)
			}
			for _, part := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
				if policy := head.Values("Content-Security-Policy"); len(policy) != 1 || !strings.Contains(policy[0], part) {
					t.Errorf("%s: %d, the policy %q has no %s", ask, recorded.Code, policy, part)
				}
			}
			if got := head.Values("X-Content-Type-Options"); len(got) != 1 || got[0] != "nosniff" {
				t.Errorf("%s: %d, X-Content-Type-Options is %q", ask, recorded.Code, got)
			}
			if method == http.MethodTrace && recorded.Code/100 != 4 {
				t.Errorf("%s is answered with %d", ask, recorded.Code)
			}
		}
	}
}

// Who reaches the pages does not reach the figures.
func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	p := openAt(t)
	m, err := openMetrics(t.Context(), config{metrics: true, metricsAt: "127.0.0.1:0"}, p.metrics, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer m.close(t.Context())
	answer, err := http.Get("http://" + m.address() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if !strings.Contains(string(body), "farthing_entries_total") {
		t.Errorf("they are %s", body)
	}
	recorded := httptest.NewRecorder()
	if p.handler.ServeHTTP(recorded, httptest.NewRequest("GET", "/metrics", nil)); recorded.Code != http.StatusNotFound {
		t.Errorf("the provider's own address answers them with %d", recorded.Code)
	}
	if none, err := openMetrics(t.Context(), config{metricsAt: "127.0.0.1:0"}, p.metrics, nil); none != nil || err != nil {
		t.Errorf("switched off, there is %v, %v", none, err)
	}
}

// Refusals are counted by their code, those of the API and those that people see.
func TestRefusalsAreCountedByCode(t *testing.T) {
	p := openAt(t, "--base-url", "http://pay.example.org")
	for _, ask := range []string{"GET /v1/orders", "GET /v1/nowhere", "GET /nowhere", "GET /pay/ord_nowhere"} {
		method, path, _ := strings.Cut(ask, " ")
		p.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "http://pay.example.org"+path, nil))
	}
	recorded := httptest.NewRecorder()
	p.metrics.ServeHTTP(recorded, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`farthing_refusals_total{code="unauthorised"} 1`, `farthing_refusals_total{code="not_found"} 3`} {
		if !strings.Contains(recorded.Body.String(), want) {
			t.Errorf("%q is not among the figures", want)
		}
	}
	if t.Failed() {
		for line := range strings.Lines(recorded.Body.String()) {
			if strings.HasPrefix(line, "farthing_refusals") {
				t.Log(line)
			}
		}
	}
}
