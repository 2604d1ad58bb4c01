package demo

import (
	"encoding/json"
	"html"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/launch"
)

// TestTheFirstSale types the commands with which the API guide at /docs begins, as they stand there.
func TestTheFirstSale(t *testing.T) {
	for _, tool := range []string{"sh", "curl", "grep"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	p := launch.Serve(t, launch.FreeAddress(t), "--data", t.TempDir())
	client, _ := launch.OpenVendor(t, p.URL)
	page := launch.NewBrowser(t).Get(p.URL+"/docs").Want(http.StatusOK, "Five commands").Body
	_, page, _ = strings.Cut(page, `<section id="first-sale">`)
	page, _, _ = strings.Cut(page, "</section>")
	var commands []string
	for _, found := range regexp.MustCompile(`(?s)<pre[^>]*><code>(.*?)</code></pre>`).FindAllStringSubmatch(page, -1) {
		commands = append(commands, html.UnescapeString(found[1]))
	}
	if len(commands) != 6 || !strings.HasPrefix(commands[0], "export PROVIDER=") {
		t.Fatalf("the commands are %q", commands)
	}
	environment := []string{"PROVIDER=" + p.URL, "KEY=" + client.Key, "SITE=http://shop.localhost:1"}
	type answer = struct {
		PayURL string `json:"pay_url"`
		Order  struct{ Status string }
		Data   []struct{ Amount string }
		Vendor string
	}
	typed := func(command string) (out string, a answer) {
		t.Helper()
		shell := exec.CommandContext(t.Context(), "sh", "-c", command)
		shell.Env = append(shell.Environ(), environment...)
		text, err := shell.Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		_ = json.Unmarshal(text, &a) // the third is none
		return string(text), a
	}
	if out, me := typed(commands[1]); me.Vendor == "" {
		t.Fatal(out)
	}
	out, order := typed(commands[2])
	if order.PayURL == "" {
		t.Fatal(out)
	}
	environment = append(environment, "PAY_URL="+order.PayURL)
	location, _ := typed(commands[3])
	_, ticket, found := strings.Cut(strings.TrimSpace(location), "&ticket=")
	if !found {
		t.Fatal(location)
	}
	environment = append(environment, "TICKET="+ticket)
	if out, redeemed := typed(commands[4]); redeemed.Order.Status != "paid" {
		t.Error(out)
	}
	if out, earned := typed(commands[5]); len(earned.Data) != 1 || earned.Data[0].Amount != "0.2375" {
		t.Error(out)
	}
}
