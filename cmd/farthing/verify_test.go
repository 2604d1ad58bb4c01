package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"farthing.dev/farthing/verify"
)

func TestVerifyCommand(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
	}{
		{"the self-test names every fault", []string{"--selftest", "--database", ""}, exitDone},
		{"a folder without a database", []string{"--data", t.TempDir(), "--database", ""}, exitFailed},
		{"a flag that there is not", []string{"--books"}, exitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, diag bytes.Buffer
			if code := verifyCommand(t.Context(), c.args, &out, &diag); code != c.code {
				t.Errorf("exit code %d, want %d\n%s%s", code, c.code, out.String(), diag.String())
			}
		})
	}
}

func TestTheSelfTestIsWrittenAsJSON(t *testing.T) {
	var out, diag bytes.Buffer
	if code := verifyCommand(t.Context(), []string{"--selftest", "--json", "--database", ""}, &out, &diag); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, diag.String())
	}
	var planted []verify.Planted
	if err := json.Unmarshal(out.Bytes(), &planted); err != nil || len(planted) < 15 {
		t.Fatalf("%d faults, %v", len(planted), err)
	}
}
