package local

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"farthing.dev/farthing/edge/text"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// maxBody bounds a question, in bytes.
const maxBody = 16 << 10

// Refusal is why something was not done, in the language of whoever asked.
type Refusal struct {
	Code   token.Code `json:"code"`
	Detail string     `json:"detail"`
}

// Error returns the sentence.
func (r *Refusal) Error() string { return r.Detail }

// RefusalOf says an error in a language.
func RefusalOf(e *token.Error, in *text.Language) *Refusal {
	return &Refusal{e.Code, in.Error(e)}
}

// Handler answers the questions of commands.
func Handler(a App, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked Request
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&asked); err != nil || r.Method != http.MethodPost {
			write(w, http.StatusBadRequest, RefusalOf(token.Refuse(token.Malformed, "malformed.question"), text.Of(r)))
			return
		}
		answer, err := Run(r.Context(), a, asked)
		log.InfoContext(r.Context(), "command", "do", asked.Do, "code", string(token.CodeOf(err)))
		if err != nil {
			refuse(w, r, log, err)
			return
		}
		write(w, http.StatusOK, answer)
	})
}

func refuse(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	refusal, ok := errors.AsType[*token.Error](err)
	if !ok || refusal.Kind == token.Internal {
		log.ErrorContext(r.Context(), "command failed", "error", err)
		write(w, http.StatusInternalServerError, RefusalOf(token.Refuse(token.Internal, "internal.at_server"), text.Of(r)))
		return
	}
	write(w, web.Status(refusal.Kind), RefusalOf(refusal, text.Of(r)))
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who asked is gone where this fails
}
