package vendorapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"farthing.dev/farthing/token"
)

// The benchmarks compare a purchase through the API, with an application that does
// nothing, with an empty handler that reads and writes the same JSON and checks the
// key. Run both at once and divide.

func purchaseBody() []byte {
	return []byte(`{"reader":"` + token.ReaderID{5}.String() + `","offer":"` + token.OfferID{4}.String() + `","tracking":"t-1"}`)
}

// emptyHandler is what design.md calls an empty net/http handler with the same JSON
// and key check.
func emptyHandler() http.Handler {
	keys := map[[32]byte]bool{sha256.Sum256([]byte(goodKey)): true}
	answer := orderOf((&fakeApp{}).order())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !keys[sha256.Sum256([]byte(bearer))] {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		var in struct{ Reader, Offer, Tracking string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(&answer)
	})
}

func benchmarkServer(b *testing.B, handler http.Handler) {
	server := httptest.NewServer(handler)
	defer server.Close()
	body := purchaseBody()
	request := []byte("POST /v1/purchases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + goodKey +
		"\r\nContent-Type: application/json\r\nIdempotency-Key: k-12345678\r\nContent-Length: " + itoa(len(body)) + "\r\n\r\n" + string(body))
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		// A raw client costs little, so the server's cost decides.
		connection, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			b.Error(err)
			return
		}
		defer connection.Close()
		buffer := make([]byte, 16<<10)
		for pb.Next() {
			if _, err := connection.Write(request); err != nil {
				b.Error(err)
				return
			}
			if err := readResponse(connection, buffer); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

// readResponse reads one whole answer: its header, and the body that follows.
func readResponse(r io.Reader, buffer []byte) error {
	filled := 0
	for {
		n, err := r.Read(buffer[filled:])
		if err != nil {
			return err
		}
		filled += n
		seen := buffer[:filled]
		end := bytes.Index(seen, []byte("\r\n\r\n"))
		if end < 0 {
			continue
		}
		if !bytes.HasPrefix(seen, []byte("HTTP/1.1 201")) {
			return io.ErrUnexpectedEOF
		}
		length := bytes.Index(seen[:end], []byte("Content-Length: "))
		if length < 0 {
			return io.ErrNoProgress
		}
		size := 0
		for _, c := range seen[length+len("Content-Length: "):] {
			if c < '0' || c > '9' {
				break
			}
			size = size*10 + int(c-'0')
		}
		if filled >= end+4+size {
			return nil
		}
	}
}

func itoa(n int) string {
	text, _ := json.Marshal(n)
	return string(text)
}

func BenchmarkPurchaseOverHTTP(b *testing.B) {
	b.Run("empty", func(b *testing.B) { benchmarkServer(b, emptyHandler()) })
	b.Run("api", func(b *testing.B) { benchmarkServer(b, New(Options{App: &fakeApp{}, Rate: -1})) })
}

// BenchmarkPurchaseHandler leaves out the network: what the handlers themselves cost.
func BenchmarkPurchaseHandler(b *testing.B) {
	body := purchaseBody()
	run := func(b *testing.B, handler http.Handler) {
		b.ReportAllocs()
		reader := bytes.NewReader(body)
		request := httptest.NewRequest("POST", "/v1/purchases", nil)
		request.Header.Set("Authorization", "Bearer "+goodKey)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", "k-12345678")
		request.ContentLength = int64(len(body))
		for b.Loop() {
			reader.Reset(body)
			request.Body = io.NopCloser(reader)
			w := &nullWriter{header: http.Header{}}
			handler.ServeHTTP(w, request)
			if w.status != http.StatusCreated {
				b.Fatalf("status %d", w.status)
			}
		}
	}
	b.Run("empty", func(b *testing.B) { run(b, emptyHandler()) })
	b.Run("api", func(b *testing.B) { run(b, New(Options{App: &fakeApp{}, Rate: -1})) })
}

type nullWriter struct {
	header http.Header
	status int
}

func (w *nullWriter) Header() http.Header         { return w.header }
func (w *nullWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *nullWriter) WriteHeader(status int)      { w.status = status }
