package replicas

import (
	"strings"
	"testing"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// A replica that would know every reader by another name does not start, and takes
// nothing away from the ones that sell. While they run, the secret is not rotated.
func TestAReplicaWithAnotherSecretDoesNotStart(t *testing.T) {
	clients, _, dsn := cluster(t)
	buy := func(sku string) {
		t.Helper()
		order, err := clients[0].CreateOrder(t.Context(), sdk.NewOrder{
			Item: &sdk.Item{SKU: sku, Title: sku}, Price: "0.01", Currency: "USD", ReturnURL: "http://shop.localhost:1/back",
		})
		if err != nil || !pay(t, clients[1].BaseURL, order) {
			t.Fatalf("%s is not sold: %v", sku, err)
		}
	}
	buy("before")
	other := strings.Repeat("ab", 32)
	for _, c := range []struct {
		name, says string
		args       []string
	}{
		{"another secret", "not the secret that the database was made with", []string{"serve", "--secret", other}},
		{"none", "the provider's secret is missing", []string{"serve"}},
		{"a rotation meanwhile", "stop all replicas first", []string{"secret", "rotate", "--secret", secret}},
		{"a rotation with another secret", "stop all replicas first", []string{"secret", "rotate", "--secret", other}},
	} {
		args := append(c.args, "--data", t.TempDir(), "--database", dsn)
		if c.args[0] == "serve" {
			args = append(args, "--listen", launch.FreeAddress(t))
		}
		if code, _, diag := launch.Run(t, args...); code != 1 || !strings.Contains(diag, c.says) {
			t.Errorf("%s ended with code %d:\n%s", c.name, code, diag)
		}
	}
	buy("after")
	if code, out, diag := launch.Run(t, "verify", "--data", t.TempDir(), "--database", dsn, "--secret", other); code != 3 || !strings.Contains(out, "18: the secret is not the one") {
		t.Errorf("verify with another secret ended with code %d:\n%s%s", code, out, diag)
	}
}
