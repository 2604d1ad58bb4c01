package vendorapi

import (
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"farthing.dev/farthing/edge/text"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// refuse sends the problem that an error is. Errors of our own go to the log.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	problem := problemOf(w, r, err)
	if problem.Status >= http.StatusInternalServerError {
		a.logFailure(w, r, err)
	}
	problem.Write(w, a.clock.Now())
}

// problemOf is what the caller is told of an error.
func problemOf(w http.ResponseWriter, r *http.Request, err error) web.Problem {
	problem := web.NewProblem(err, text.Of(r))
	problem.Instance = r.URL.Path
	problem.RequestID = w.Header().Get("X-Request-Id")
	return problem
}

// logFailure logs an error of our own.
func (a *api) logFailure(w http.ResponseWriter, r *http.Request, err error, more ...any) {
	a.log.ErrorContext(r.Context(), "api request failed", append([]any{"request", w.Header().Get("X-Request-Id"), "method", r.Method, "path", r.URL.Path,
		"error", err, "cause", errors.Unwrap(err)}, more...)...)
}

// addUnrouted answers what no route does: other methods on known paths, and other paths.
func (a *api) addUnrouted() {
	for path, methods := range a.methods {
		if slices.Contains(methods, http.MethodGet) {
			methods = append(methods, http.MethodHead)
		}
		slices.Sort(methods)
		allow := strings.Join(methods, ", ")
		a.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", allow)
			a.refuse(w, r, errMethod)
		})
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.refuse(w, r, errNoSuchPath) })
}

// recovered turns a panic into an answer, so that one bad request is one bad answer: 500 where
// nothing can have been done, and else that it may have been.
func (a *api) recovered(w http.ResponseWriter, r *http.Request) {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	a.log.ErrorContext(r.Context(), "panic in the api", "method", r.Method, "path", r.URL.Path, "fault", fault, "stack", string(debug.Stack()))
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		a.refuse(w, r, token.Refuse(token.Unavailable, "commit_unknown.fault"))
		return
	}
	a.refuse(w, r, errors.New("panic"))
}
