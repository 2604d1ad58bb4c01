package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// read reads a configuration from flags, variables and the text of a file.
func read(t *testing.T, variables map[string]string, file string, args ...string) (config, int, string) {
	t.Helper()
	if file != "" {
		path := filepath.Join(t.TempDir(), "farthing.toml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	var out, diag bytes.Buffer
	c, code, _ := readConfig("serve", args, func(name string) string { return variables[name] }, &out, &diag)
	return c, code, diag.String()
}

func TestSettingsComeFromFlagsThenVariablesThenTheFile(t *testing.T) {
	const file = "listen = \":1\"\nname = \"from the file\"\npurchase_window = \"5m\"\nmetrics = false\nfee_percent = 2.5\n"
	c, code, diag := read(t, map[string]string{"FARTHING_LISTEN": ":2", "FARTHING_NAME": "from a variable"}, file, "--listen", ":3")
	if code != exitDone {
		t.Fatalf("code %d: %s", code, diag)
	}
	if c.listen != ":3" || c.name != "from a variable" || c.window != 5*time.Minute || c.metrics || c.feePercent != "2.5" {
		t.Errorf("got %+v", c)
	}
	if c.baseURL != "http://localhost:3" {
		t.Errorf("the base URL is %s", c.baseURL)
	}
}

func TestDefaultsNeedNothing(t *testing.T) {
	c, code, diag := read(t, nil, "")
	if code != exitDone || c.listen != ":8402" || c.baseURL != "http://localhost:8402" || c.database != "" {
		t.Errorf("code %d, %s: %+v", code, diag, c)
	}
	if host, _, err := net.SplitHostPort(c.metricsAt); err != nil || !net.ParseIP(host).IsLoopback() {
		t.Errorf("/metrics is served at %q", c.metricsAt)
	}
	if fee, err := c.fee(); err != nil || fee != (royalty.FeeRule{PPM: 50_000}) {
		t.Errorf("the fee is %+v, %v", fee, err)
	}
	if list, err := c.currencyList(); err != nil || len(list) != 4 || list[3] != token.MustCurrency("JPY") {
		t.Errorf("the currencies are %v, %v", list, err)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	for _, test := range []struct {
		file string
		args []string
		says string
	}{
		{args: []string{"--nonsense"}, says: "nonsense"},
		{args: []string{"extra"}, says: `"extra" is not a flag`},
		{file: "lissten = \":1\"", says: `no setting "lissten"`},
		{file: "purchase_window = \"soon\"", says: `purchase_window: "soon" is not a duration, such as 30m`},
		{file: "metrics = 3", says: `metrics: "3" is not true or false`},
		{args: []string{"--metrics-listen", "9402"}, says: "metrics-listen is an address such as 127.0.0.1:9402"},
		{args: []string{"--trusted-proxies", "10.0.0.0/8,proxy.example.org"}, says: "\"proxy.example.org\" is neither an address"},
		{args: []string{"--listen", "8402"}, says: "listen is an address such as :8402"},
		{args: []string{"--secret", "abc"}, says: "64 hexadecimal digits"},
		{args: []string{"--log-level", "loud"}, says: "debug, info, warn or error"},
		{file: "listen = ", says: "read "},
		{args: []string{"--base-url", "pay.example.org"}, says: "base URL"},
		{args: []string{"--base-url", "https://pay.example.org/under"}, says: "base URL"},
		{args: []string{"--database", "mysql://there"}, says: "postgres://"},
		{args: []string{"--fee-percent", "101"}, says: "between 0 and 100"},
		{args: []string{"--fee-percent", "1.23456"}, says: "four decimals"},
		{args: []string{"--fee-percent", "-1"}, says: "fee-percent"},
		{args: []string{"--currencies", "USD,usd"}, says: "currencies"},
		{args: []string{"--log-format", "xml"}, says: "json or text"},
		{args: []string{"--purchase-window", "-1s"}, says: "above zero"},
		{args: []string{"--config", "/nowhere/at/all.toml"}, says: "/nowhere/at/all.toml"},
	} {
		if _, code, diag := read(t, nil, test.file, test.args...); code != exitUsage || !strings.Contains(diag, test.says) {
			t.Errorf("%v %q ended with %d and %q, want %d and %q", test.args, test.file, code, diag, exitUsage, test.says)
		}
	}
}

func TestSecretIsMadeOnceAndPrivate(t *testing.T) {
	folder := t.TempDir()
	if _, err := readSecret("", folder); !errors.Is(err, errNoSecret) {
		t.Errorf("without a secret: %v", err)
	}
	first, err := makeSecret(filepath.Join(folder, secretFile))
	if err != nil {
		t.Fatal(err)
	}
	again, err := readSecret("", folder)
	if err != nil || again != first || first == [32]byte{} {
		t.Errorf("the second start has another secret: %v", err)
	}
	info, err := os.Stat(filepath.Join(folder, "secret"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if given, err := readSecret(strings.Repeat("ab", 32), folder); err != nil || given[0] != 0xab {
		t.Errorf("a secret that was given is not used: %v", err)
	}
	if _, err := makeSecret(filepath.Join(folder, secretFile)); err == nil {
		t.Error("a secret that is there was overwritten")
	}
	for _, wrong := range []string{"abc", strings.Repeat("zz", 32), strings.Repeat("ab", 31)} {
		if _, err := readSecret(wrong, folder); err == nil || strings.Contains(err.Error(), wrong) {
			t.Errorf("the secret %q was answered with %v", wrong, err)
		}
	}
}

func TestHelpFitsOneScreen(t *testing.T) {
	var out, diag bytes.Buffer
	if code := run(t.Context(), []string{"help"}, &out, &diag); code != exitDone || diag.Len() > 0 {
		t.Errorf("help ended with %d: %s", code, diag.String())
	}
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if len(lines) > 24 {
		t.Errorf("help has %d lines", len(lines))
	}
	for _, line := range lines {
		if len([]rune(line)) > 80 {
			t.Errorf("%q has more than 80 columns", line)
		}
	}
	for _, c := range commands() {
		out.Reset()
		diag.Reset()
		if code := run(t.Context(), []string{"help", c.name}, &out, &diag); code != exitDone || out.Len() == 0 || diag.Len() > 0 {
			t.Errorf("help %s ended with %d: %q, %q", c.name, code, out.String(), diag.String())
		}
	}
	if code := run(t.Context(), []string{"nonsense"}, &out, &diag); code != exitUsage {
		t.Errorf("an unknown command ended with %d", code)
	}
}
