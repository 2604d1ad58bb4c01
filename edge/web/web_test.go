package web

import (
	"testing"
	"time"

	"farthing.dev/farthing/token"
)

func TestAmountsAreWrittenAsPeopleDo(t *testing.T) {
	for _, test := range []struct {
		amount   token.Amount
		currency string
		want     string
	}{
		{0, "USD", "0.00"}, {250_000, "USD", "0.25"}, {1_250, "USD", "0.00125"}, {-1_234_567_890_000, "EUR", "\u22121,234,567.89"},
		{3_000_000, "JPY", "3"}, {1_250_000_000, "JPY", "1,250"}, {999_000_000, "KWD", "999.000"}, {-500, "USD", "\u22120.0005"},
		{-1 << 63, "USD", "\u22129,223,372,036,854.775808"},
	} {
		if got := Amount(test.amount, token.MustCurrency(test.currency)); got != test.want {
			t.Errorf("%d %s is written %q, want %q", test.amount, test.currency, got, test.want)
		}
	}
}

func TestTimesAreWrittenFromNow(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 5, 0, 0, time.UTC)
	for span, want := range map[time.Duration]string{
		-time.Second: "just now", 0: "in a moment", time.Minute: "in 1 minute", -59 * time.Minute: "59 minutes ago",
		-time.Hour: "1 hour ago", 23 * time.Hour: "in 23 hours", -48 * time.Hour: "22 November", 24 * 60 * time.Hour: "23 January 2027",
	} {
		if got := When(now, now.Add(span)); got != want {
			t.Errorf("%v from now is %q, want %q", span, got, want)
		}
	}
}

func TestLocalPath(t *testing.T) {
	for next, want := range map[string]string{
		"/": "/", "/wallet?before=1&x=%2F": "/wallet?before=1&x=%2F", "": "!", "wallet": "!", "//evil.example": "!", "/\\evil.example": "!",
		"https://evil.example": "!", "/\n/evil.example": "!", "/%2f%2fevil.example": "!", "/%2fevil.example": "!", "/a b": "!", "/%zz": "!",
	} {
		if got := LocalPath(next, "!"); got != want {
			t.Errorf("%q became %q, want %q", next, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	f.Add("/wallet")
	f.Add("//evil.example")
	f.Fuzz(func(t *testing.T, next string) {
		got := LocalPath(next, "/")
		if got[0] != '/' || len(got) > 1 && (got[1] == '/' || got[1] == '\\') {
			t.Errorf("%q became %q", next, got)
		}
	})
}

func TestSentencesOfTheSecurityLog(t *testing.T) {
	for detail, want := range map[string]string{
		"":                               "",
		"a key was used":                 "A key was used.",
		"Was it you?":                    "Was it you?",
		"ätna":                           "Ätna.",
		"https://news.example was shown": "https://news.example was shown.",
	} {
		if got := Sentence(detail); got != want {
			t.Errorf("%q became %q", detail, got)
		}
	}
	for _, code := range []token.Code{token.CodeGrantInvalid, token.CodeClientUnknown, token.CodeLogoutUntold, token.CodeLoginInvalid} {
		if Happened(code) == Happened("") {
			t.Errorf("%s has no name", code)
		}
	}
}

func TestEveryKindOfErrorHasAHeading(t *testing.T) {
	for kind := token.Internal; kind <= token.Unavailable; kind++ {
		e := token.Refuse(kind, "internal.fault")
		if kind != token.Internal && heading(e) == "Our mistake" {
			t.Errorf("kind %d has no heading", kind)
		}
		if Status(kind) < 400 {
			t.Errorf("kind %d has status %d", kind, Status(kind))
		}
	}
}
