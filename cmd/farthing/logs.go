package main

import (
	"fmt"
	"io"
	"log/slog"
)

// newLog returns a logger that writes in the configured form, counts what is repeated and
// gathers the lines about requests; and what writes those that still wait, for the end.
func newLog(c config, w io.Writer) (log *slog.Logger, flush func(), err error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.logLevel)); err != nil {
		return nil, nil, fmt.Errorf("log-level is debug, info, warn or error, not %q", c.logLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	out := &gathered{to: w}
	var lines slog.Handler = slog.NewJSONHandler(out, options)
	if c.logFormat == "text" {
		lines = slog.NewTextHandler(out, options)
	}
	return slog.New(newRepeats(gathering{lines, out})), out.flush, nil
}
