package web

import (
	"net/http"

	"farthing.dev/farthing/token"
)

// RefusalCounter is a ResponseWriter, or one inside it, that counts why requests are refused.
type RefusalCounter interface{ CountRefusal(code token.Code) }

// CountRefusal says by which code a request is refused to whoever counts that. Problems and
// error pages do so by themselves; a page that shows a refusal beside its form calls it.
func CountRefusal(w http.ResponseWriter, code token.Code) {
	for {
		if counter, ok := w.(RefusalCounter); ok {
			counter.CountRefusal(code)
			return
		}
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = outer.Unwrap()
	}
}
