package sdk

import "testing"

func TestSignUpURL(t *testing.T) {
	c := &Client{BaseURL: "https://pay.example/"}
	for _, test := range []struct{ vendor, back, want string }{
		{"vnd_1", "", "https://pay.example/signup?vendor=vnd_1"},
		{"vnd_1", "https://news.example/a?b=c&d=e", "https://pay.example/signup?return=https%3A%2F%2Fnews.example%2Fa%3Fb%3Dc%26d%3De&vendor=vnd_1"},
	} {
		if got := c.SignUpURL(test.vendor, test.back); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
