package demo

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// TestServe looks at what an operator looks at.
func TestServe(t *testing.T) {
	folder, address := filepath.Join(t.TempDir(), "made", "at", "start"), launch.FreeAddress(t)
	measured := launch.FreeAddress(t)
	p := launch.Serve(t, address, "--data", folder, "--metrics-listen", measured)
	client, reader := launch.OpenVendor(t, p.URL)
	offer, err := client.CreateOffer(t.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "a", Title: "A"}, Price: "0.01", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	bought, err := client.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: reader, Offer: offer.ID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Order(t.Context(), bought.ID); err != nil {
		t.Fatal(err)
	}
	// A request is counted before the next one on its connection is served.
	if _, err := client.Me(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := launch.NewBrowser(t)
	b.Get(p.URL + "/nowhere/at/all").Want(http.StatusNotFound)
	b.Get(p.URL+"/healthz").Want(http.StatusOK, "alive")
	b.Get(p.URL+"/readyz").Want(http.StatusOK, "ready")
	b.Get(p.URL+"/openapi.json").Want(http.StatusOK, `"openapi"`)
	b.Get(p.URL+"/docs").Want(http.StatusOK, "curl")
	b.Get(p.URL + "/metrics").Want(http.StatusNotFound).Without("farthing_entries_total") // strangers reach this address
	b.Get("http://" + measured + "/wallet").Want(http.StatusNotFound)
	b.Get("http://"+measured+"/metrics").Want(http.StatusOK,
		`farthing_http_requests_total{route="POST /v1/purchases",status="201"} 1`,
		`farthing_http_requests_total{route="GET /v1/orders/{id}",status="200"} 1`,
		"farthing_entries_total", "farthing_batches_total", "farthing_queue 0", "farthing_tail_entries", "farthing_last_commit_seconds",
	).Without("/ord_", "/nowhere")

	if code, _, diag := launch.Run(t, "serve", "--data", t.TempDir(), "--listen", address); code != 4 || !strings.Contains(diag, "another program listens") {
		t.Errorf("on an address in use it ended with %d: %s", code, diag)
	}
	if code, _, diag := launch.Run(t, "serve", "--data", t.TempDir(), "--listen", "localhost:0", "--metrics-listen", measured); code != 4 || !strings.Contains(diag, "another program listens") {
		t.Errorf("with its metrics at an address in use it ended with %d: %s", code, diag)
	}
	if code, _, diag := launch.Run(t, "serve", "--data", folder, "--listen", "localhost:0"); code != 4 || !strings.Contains(diag, "another process uses this data folder") {
		t.Errorf("on a folder in use it ended with %d: %s", code, diag)
	}
	if info, err := os.Stat(filepath.Join(folder, "secret")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file: %v, %v", info, err)
	}
	if code := p.Stop(t); code != 0 {
		t.Errorf("it ended with code %d", code)
	}
}
