package operator

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/pgtest"
)

const passphrase = "a quiet harbour at dawn"

// backedUp is what backup and restore report.
type backedUp struct {
	Head     string
	Entries  uint64
	Rows     int64
	Verified bool
}

// report runs backup or restore and returns its report.
func report(t *testing.T, args ...string) (r backedUp) {
	t.Helper()
	code, out, diag := launch.Run(t, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 {
		t.Fatalf("farthing %q ended with %d: %v\n%s%s", args, code, err, out, diag)
	}
	return r
}

// TestBackupBesideSales makes a backup while sales go on, and restores it into each
// database: the books hold, they are those of a moment within the backup, and the
// restored provider sells on under the same secret.
func TestBackupBesideSales(t *testing.T) {
	if testing.Short() {
		t.Skip("the quick round leaves out what takes seconds")
	}
	t.Setenv("FARTHING_PASSPHRASE", passphrase)
	eachDatabase(t, func(p *provider) {
		t := p.t
		server := launch.Serve(t, launch.FreeAddress(t), p.flags...)
		client, reader := launch.OpenVendor(t, server.URL)
		offer, err := client.CreateOffer(t.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "a", Title: "A"}, Price: "0.01", Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		var sold atomic.Int64
		stop := make(chan struct{})
		var wait sync.WaitGroup
		for worker := range 4 {
			wait.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					key := sdk.IdempotencyKey("sale-" + strconv.Itoa(worker) + "-" + strconv.Itoa(i))
					if _, err := client.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: reader, Offer: offer.ID, Tracking: strconv.Itoa(i)}, key); err != nil {
						t.Errorf("a sale beside the backup: %v", err)
						return
					}
					sold.Add(1)
				}
			})
		}
		for deadline := time.Now().Add(30 * time.Second); sold.Load() < 50 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond) // until some were sold
		}
		before := sold.Load()
		file := filepath.Join(t.TempDir(), "one.age")
		made := report(t, append([]string{"backup", file}, p.flags...)...)
		after := sold.Load()
		close(stop)
		wait.Wait()
		if made.Entries < uint64(before) || after == before {
			t.Errorf("the backup holds %d entries; %d sales were made before it and %d beside it", made.Entries, before, after-before)
		}
		if code, _, diag := launch.Run(t, append([]string{"backup", file}, p.flags...)...); code != 1 || !strings.Contains(diag, "is not overwritten") {
			t.Errorf("a backup over another ended with %d: %s", code, diag)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the backup's file: %v, %v", info, err)
		}
		secret, err := os.ReadFile(filepath.Join(p.folder, "secret"))
		if err != nil {
			t.Fatal(err)
		}
		first, err := client.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: reader, Offer: offer.ID, Tracking: "0"}, sdk.IdempotencyKey("sale-0-0"))
		if err != nil { // the answer to the first sale, again
			t.Fatal(err)
		}

		for _, kind := range []string{"sqlite", "postgres"} {
			t.Run("into "+kind, func(t *testing.T) {
				folder := filepath.Join(t.TempDir(), "new")
				flags := []string{"--data", folder}
				if kind == "postgres" {
					flags = append(flags, "--database", pgtest.Start(t))
				}
				got := report(t, append([]string{"restore", file}, flags...)...)
				if got.Head != made.Head || got.Entries != made.Entries || got.Rows != made.Rows || !got.Verified {
					t.Errorf("restored %+v of %+v", got, made)
				}
				if has, err := os.ReadFile(filepath.Join(folder, "secret")); err != nil || !bytes.Equal(has, secret) {
					t.Errorf("the secret is another one: %v", err)
				}
				if code, out, diag := launch.Run(t, append([]string{"verify", "--since", made.Head}, flags...)...); code != 0 || !strings.Contains(out, "head "+made.Head) { // and nothing after it
					t.Errorf("verify ended with %d\n%s%s", code, out, diag)
				}
				if code, _, diag := launch.Run(t, append([]string{"restore", file}, flags...)...); code != 1 || !strings.Contains(diag, "not empty") {
					t.Errorf("a restore over another ended with %d: %s", code, diag)
				}
				address := launch.FreeAddress(t)
				launch.Serve(t, address, flags...)
				again := *client
				again.BaseURL = "http://" + address
				if found, err := again.Order(t.Context(), first.ID); err != nil || found.Reader != reader {
					t.Errorf("the restored provider knows the first sale as %+v, %v", found, err)
				}
				if _, err := again.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: reader, Offer: offer.ID}, sdk.IdempotencyKey("after")); err != nil {
					t.Errorf("the restored provider does not sell: %v", err)
				}
			})
		}
	})
}

// TestBooksThatDoNotHoldAreNotRestored: a backup that can be read whole, of a journal that was
// changed, is put in nobody's place, and the place stays free.
func TestBooksThatDoNotHoldAreNotRestored(t *testing.T) {
	if testing.Short() {
		t.Skip("the quick round leaves out what takes seconds")
	}
	t.Setenv("FARTHING_PASSPHRASE", passphrase)
	eachDatabase(t, func(p *provider) {
		t := p.t
		p.do("operator", "add", "op@example.org")
		p.do(fund("op@example.org", "10.00", "USD", "bank 1")...)
		sound, changed, into := filepath.Join(t.TempDir(), "one.age"), filepath.Join(t.TempDir(), "two.age"), filepath.Join(t.TempDir(), "new")
		report(t, append([]string{"backup", sound}, p.flags...)...)
		p.write(`UPDATE block SET at = at + 1`)
		report(t, append([]string{"backup", changed}, p.flags...)...)
		flags := []string{"--data", into}
		if len(p.flags) > 2 {
			flags = append(flags, "--database", pgtest.Start(t))
		}
		code, out, diag := launch.Run(t, append([]string{"restore", changed}, flags...)...)
		if code != 3 || !strings.Contains(diag, "nothing was put in place") || !strings.Contains(diag, "its hash is another") {
			t.Errorf("books that do not hold: ended with %d\n%s%s", code, out, diag)
		}
		if left, err := os.ReadDir(into); err == nil && len(left) > 0 {
			t.Errorf("left %v behind", left)
		}
		if got := report(t, append([]string{"restore", sound}, flags...)...); !got.Verified {
			t.Errorf("restored %+v", got)
		}
	})
}

// TestBackupsThatAreNotRestored are refused, and leave nothing behind.
func TestBackupsThatAreNotRestored(t *testing.T) {
	if testing.Short() {
		t.Skip("the quick round leaves out what takes seconds")
	}
	t.Setenv("FARTHING_PASSPHRASE", passphrase)
	folder := t.TempDir()
	data, file := filepath.Join(folder, "data"), filepath.Join(folder, "one.age")
	if code, _, diag := launch.Run(t, "operator", "add", "op@example.org", "--data", data); code != 0 {
		t.Fatal(diag)
	}
	report(t, "backup", file, "--data", data)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(folder, "new")
	try := func(what, says string, content []byte, flags ...string) {
		t.Helper()
		path := filepath.Join(folder, "try.age")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, diag := launch.Run(t, append([]string{"restore", path, "--data", into}, flags...)...)
		if code != 1 || !strings.Contains(diag, says) {
			t.Errorf("%s: ended with %d\n%s%s", what, code, out, diag)
		}
		if left, err := os.ReadDir(into); err == nil && len(left) > 0 {
			t.Errorf("%s: left %v behind", what, left)
		}
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	try("one bit flipped", "damaged", flipped)
	try("cut off", "damaged", whole[:len(whole)-100])
	try("no backup at all", "no backup", []byte("nonsense"))
	try("another secret", "not the backup's", whole, "--secret", strings.Repeat("ab", 32))
	t.Setenv("FARTHING_PASSPHRASE", "another quiet harbour")
	try("another passphrase", "passphrase is another one", whole)

	t.Setenv("FARTHING_PASSPHRASE", "short")
	if code, _, diag := launch.Run(t, "backup", filepath.Join(folder, "two.age"), "--data", data); code != 1 || !strings.Contains(diag, "at least 12") {
		t.Errorf("a short passphrase ended with %d: %s", code, diag)
	}
	if bytes.Contains(whole, []byte("op@example.org")) {
		t.Error("the backup is not encrypted")
	}
}
