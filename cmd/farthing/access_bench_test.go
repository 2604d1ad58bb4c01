package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkAround measures what counting a request and its access line cost.
func BenchmarkAround(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	log, flush, err := newLog(config{logLevel: "info", logFormat: "json"}, file)
	if err != nil {
		b.Fatal(err)
	}
	defer flush()
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	for _, lines := range []bool{false, true} {
		m := newMeter()
		name := "silent"
		if lines {
			name, m.access = "lines", newAccess(log)
		}
		handler := m.around(next)
		r := httptest.NewRequest(http.MethodPost, "/v1/purchases", nil)
		r.Pattern = "POST /v1/purchases"
		w := httptest.NewRecorder()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(w, r)
			}
		})
	}
}
