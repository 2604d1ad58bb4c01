package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// Where the port is any that is free, the provider is found at the one that it got.
func TestServeSaysWhereItIs(t *testing.T) {
	c, code, diag := read(t, nil, "", "--listen", "localhost:0", "--data", t.TempDir())
	if code != exitDone {
		t.Fatalf("code %d: %s", code, diag)
	}
	ctx, stop := context.WithCancel(t.Context())
	logs, to := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := serve(ctx, c, to)
		to.Close()
		ended <- err
	}()
	for lines := bufio.NewScanner(logs); lines.Scan(); {
		var line struct{ Msg, URL string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Error(err)
		}
		if line.Msg != "serving" {
			continue
		}
		if answer, err := http.Get(line.URL + "/healthz"); err != nil {
			t.Error(err)
		} else if answer.Body.Close(); answer.StatusCode != http.StatusOK {
			t.Errorf("%s answered %d", line.URL, answer.StatusCode)
		}
		stop()
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
