package main

import (
	"bytes"
	"testing"
)

// Who leaves out the word that says what is to be done has nothing done.
func TestCommandsOfOneWordNeedIt(t *testing.T) {
	for _, name := range []string{"secret", "index"} {
		for _, args := range [][]string{{}, {""}, {"again"}, {"--data", t.TempDir(), "--database", ""}} {
			var out, diag bytes.Buffer
			if code := commandNamed(name).run(t.Context(), args, &out, &diag); code != exitUsage {
				t.Errorf("farthing %s %q: exit code %d\n%s", name, args, code, diag.String())
			}
		}
		var out, diag bytes.Buffer
		if code := commandNamed(name).run(t.Context(), []string{"--help"}, &out, &diag); code != exitDone || out.Len() == 0 {
			t.Errorf("farthing %s --help: exit code %d", name, code)
		}
	}
}
