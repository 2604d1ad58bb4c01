package main

import (
	"fmt"
	"io"
	"log/slog"
)

// newLog returns a logger that writes in the configured form, and counts what is repeated.
func newLog(c config, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.logLevel)); err != nil {
		return nil, fmt.Errorf("log-level is debug, info, warn or error, not %q", c.logLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	if c.logFormat == "text" {
		return slog.New(newRepeats(slog.NewTextHandler(w, options))), nil
	}
	return slog.New(newRepeats(slog.NewJSONHandler(w, options))), nil
}
