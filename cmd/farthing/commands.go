package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"farthing.dev/farthing/edge/local"
	"farthing.dev/farthing/edge/text"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
)

// listenForCommands answers the commands of this machine, at a socket in the data folder.
// Without it commands still work where many servers share a database.
func (p *provider) listenForCommands(ctx context.Context, folder string) {
	listener, err := local.Listen(ctx, folder)
	if err != nil {
		p.log.WarnContext(ctx, "commands such as farthing fund cannot reach this server", "error", err)
	}
	if listener == nil {
		return
	}
	p.commands = newServer(local.Handler(p.app, p.log), p.log)
	go func() { _ = p.commands.Serve(listener) }() // until close
}

// startPatience is how long a command waits for a server that is just starting or stopping:
// it has the folder, and does not listen.
const startPatience = 15 * time.Second

// ask has a request done by the server that runs in the data folder, or where none does, by
// this process.
func ask(ctx context.Context, c config, r local.Request, diag io.Writer) (local.Answer, error) {
	for began := time.Now(); ; {
		answer, err := local.Ask(ctx, c.data, r)
		if !errors.Is(err, local.ErrNobody) {
			return answer, err
		}
		answer, err = askAlone(ctx, c, r, diag)
		if !errors.Is(err, sqlite.ErrInUse) || time.Since(began) > startPatience {
			return answer, err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return answer, ctx.Err()
		}
	}
}

// askAlone opens the application for one request. What it enqueues waits for the next server.
func askAlone(ctx context.Context, c config, r local.Request, diag io.Writer) (answer local.Answer, err error) {
	log := slog.New(slog.NewTextHandler(diag, &slog.HandlerOptions{Level: slog.LevelError}))
	p, _, err := openHouse(ctx, c, token.SystemClock{}, log, false)
	if err != nil {
		return answer, err
	}
	if answer, err = local.Run(ctx, p.app, r); err == nil {
		err = p.app.WriteNotes(ctx)
	}
	return answer, errors.Join(err, p.close(context.WithoutCancel(ctx)))
}

// finish writes the answer, or why there is none, and returns the exit code.
func finish(name string, answer any, err error, asJSON bool, out, diag io.Writer, say func()) int {
	if err != nil {
		refusal, known := errors.AsType[*local.Refusal](err)
		if own, ok := errors.AsType[*token.Error](err); ok && own.Kind != token.Internal {
			refusal, known = local.RefusalOf(own, text.House().Match(text.Locale())), true
		}
		if !known {
			refusal = &local.Refusal{Code: "failed", Detail: err.Error()}
		}
		if asJSON {
			_ = json.NewEncoder(out).Encode(map[string]any{"error": refusal})
		}
		fmt.Fprintf(diag, "farthing %s: %s\n", name, refusal.Detail)
		return exitCode(err)
	}
	if !asJSON {
		say()
		return exitDone
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		fmt.Fprintf(diag, "farthing %s: %v\n", name, err)
		return exitFailed
	}
	return exitDone
}

// words takes the words before the first flag from the arguments, at most so many.
func words(args []string, most int) (first, rest []string) {
	for len(args) > 0 && len(first) < most && !strings.HasPrefix(args[0], "-") {
		first, args = append(first, args[0]), args[1:]
	}
	return first, args
}
