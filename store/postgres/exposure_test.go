package postgres

import (
	"strings"
	"testing"
)

func TestExposure(t *testing.T) {
	for _, test := range []struct{ dsn, want string }{
		{"postgres://farthing@db.example.org/farthing", "without TLS"}, // prefer, which goes on without it
		{"postgres://farthing@db.example.org/farthing?sslmode=disable", "without TLS"},
		{"postgres://farthing@db.example.org/farthing?sslmode=allow", "without TLS"},
		{"host=10.0.0.7 user=farthing sslmode=require", "pretend"},
		{"host=localhost,db.example.org user=farthing sslmode=prefer", "without TLS"},
		{"host=localhost,db.example.org user=farthing sslmode=require", "pretend"},
		{"postgres://farthing@db.example.org/farthing?sslmode=verify-ca", ""},
		{"postgres://farthing@db.example.org/farthing?sslmode=verify-full", ""},
		{"host=localhost user=farthing", ""},
		{"host=127.0.0.1 user=farthing sslmode=disable", ""},
		{"host=/var/run/postgresql user=farthing", ""},
	} {
		got, err := Exposure(test.dsn)
		if err != nil || !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, %v", test.dsn, got, err)
		}
	}
	if _, err := Exposure("postgres://["); err == nil {
		t.Error("what is no address has no fault")
	}
}
