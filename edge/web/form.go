package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"farthing.dev/farthing/token"
)

// ParseForm reads a form that was posted, and refuses one that is too large or in
// another encoding.
func ParseForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		if _, large := tooLarge(err); large {
			return err
		}
		return token.Refuse(token.Malformed, "malformed.form_unreadable").Because(err)
	}
	return nil
}

func tooLarge(err error) (*http.MaxBytesError, bool) { return errors.AsType[*http.MaxBytesError](err) }

// LocalPath returns next where it is a path on this site, and otherwise fallback.
// A browser reads "//host", "/\host" and control characters in surprising ways,
// so anything but a plain path with a query is refused.
func LocalPath(next, fallback string) string {
	if len(next) > 2048 || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, "\\") {
		return fallback
	}
	for _, c := range next {
		if c < 0x21 || c == 0x7f {
			return fallback
		}
	}
	parsed, err := url.Parse(next)
	if err != nil || parsed.Scheme != "" || parsed.Host != "" || parsed.User != nil || strings.HasPrefix(parsed.Path, "//") {
		return fallback
	}
	return next
}

// Origin returns the scheme and host of an address, or "".
func Origin(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return ""
	}
	return parsed.Scheme + "://" + parsed.Host
}

// PathOf returns the local path of an address of this site, or "".
func (s *Site) PathOf(address string) string {
	path, ours := strings.CutPrefix(address, s.origin)
	if !ours {
		return ""
	}
	return LocalPath(path, "")
}
