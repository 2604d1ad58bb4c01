package refusals

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"

	"farthing.dev/farthing/edge/text"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// pretendLanguage is a language that is one file beside English, as German will be: each row
// stands in brackets, and none of its letters are English ones. It is named by a tag that is
// for private use.
const pretendLanguage = "qps"

// languages returns English as it is in the sources, and the pretend language.
func languages(t *testing.T) fs.FS {
	t.Helper()
	english, err := os.ReadFile(filepath.Join("..", "..", "edge", "text", "en.toml"))
	if err != nil {
		t.Fatal(err)
	}
	var rows map[string]map[string]any
	if err := toml.Unmarshal(english, &rows); err != nil {
		t.Fatal(err)
	}
	for table, of := range rows {
		for name, row := range of {
			switch row := row.(type) {
			case string:
				if table != "format" {
					of[name] = pretended(row)
				}
			case map[string]any:
				for form, said := range row {
					if form != "of" {
						row[form] = pretended(said.(string))
					}
				}
			}
		}
	}
	file, err := toml.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"en.toml": {Data: english}, pretendLanguage + ".toml": {Data: file}}
}

var placeholder = regexp.MustCompile(`\{[a-z_:]+\}`)

// pretended turns a row into the pretend language: Greek letters, but for what is a parameter.
func pretended(row string) string {
	foreign := func(s string) string {
		return strings.Map(func(c rune) rune {
			if c >= 'a' && c <= 'z' {
				return 'α' + (c-'a')%17
			}
			if c >= 'A' && c <= 'Z' {
				return 'α' + (c-'A')%17
			}
			return c
		}, s)
	}
	var b strings.Builder
	rest := row
	for _, at := range placeholder.FindAllStringIndex(row, -1) {
		b.WriteString(foreign(row[len(row)-len(rest) : at[0]]))
		b.WriteString(row[at[0]:at[1]])
		rest = row[at[1]:]
	}
	return "⟦" + b.String() + foreign(rest) + "⟧"
}

// inPretend reports whether a sentence is of the pretend language: it stands in its brackets, and
// what is in English letters was given to it.
func inPretend(sentence string, given ...string) bool {
	for _, one := range given {
		sentence = strings.ReplaceAll(sentence, one, "")
	}
	return strings.HasPrefix(sentence, "⟦") && !strings.ContainsAny(sentence, "abcdefghijklmnopqrstuvwxyz")
}

// Another language is another file, and nothing else: with one beside English, whoever asks
// for it is refused in it, by the API and by the pages.
func TestAnotherLanguageIsAFile(t *testing.T) {
	spoken, err := text.Load(languages(t))
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, true)
	h.speak(spoken, pretendLanguage)
	for _, ask := range []struct{ method, path, body string }{
		{"POST", "/v1/orders", `{"price":1.5}`}, {"POST", "/v1/orders", `{"price":"1,50"}`}, {"POST", "/v1/orders", `{"titel":1}`}, {"POST", "/v1/orders", `[`}, {"POST", "/v1/orders", `{}`},
		{"POST", "/v1/orders", `{"offer":"off_1"}`}, {"POST", "/v1/orders", `{"item":{"title":"Α","sku":"1"},"price":"1","currency":"XXX"}`},
		{"POST", "/v1/orders", `{"item":{"title":"Α","sku":"1"},"price":"1","currency":"USD","return_url":"https://0.0.0.1/"}`},
		{"POST", "/v1/sites", `{"url":"http://1.1.1.1/"}`}, {"POST", "/v1/purchases/batch", `{"purchases":[]}`},
		{"GET", "/v1/orders?limit=0", ""}, {"GET", "/v1/orders?page=1", ""}, {"GET", "/v1/nothing", ""}, {"DELETE", "/v1/orders", ""}, {"GET", "/v1/orders/ord_1", ""},
	} {
		answer := h.call(h.daily.live, ask.method, ask.path, ask.body)
		var p web.Problem
		if err := json.Unmarshal([]byte(answer.body), &p); err != nil || p.Code == "" || p.Detail == "" {
			t.Errorf("%v is answered %d %s", ask, answer.status, answer.body)
			continue
		}
		given := []string{strings.ReplaceAll(strings.TrimPrefix(p.Field, "/"), "/", ".")}
		for _, value := range p.Params {
			given = append(given, strings.Trim(fmt.Sprint(value), "[]"))
		}
		if given = append(given, h.daily.site, "https"); !inPretend(p.Detail, given...) {
			t.Errorf("%v is refused in English: %s", ask, p.Detail)
		}
	}
	alert := regexp.MustCompile(`<p class="refusal" role="alert">([^<]*)</p>|<p class="lede">([^<]*)</p>`)
	for path, fields := range map[string][]string{
		"/wallet/limits":            {"max", "ten", "currency", "USD", "period", "day"},
		"/wallet/allowances":        {"vendor", h.daily.id.String(), "currency", "USD", "per_purchase", "1", "max", "2", "period", "day", "days", "0"},
		"/security/devices/window":  {"minutes", "many"},
		"/login":                    {"email", canaryEmail, "password", "wrong"},
		"/wallet/limits/remove":     {"limit", token.LimitID{1}.String()},
		"/console":                  {"name", "", "origin", "https://1.1.1.1/"},
		"/wallet/consents/nothing/": {},
	} {
		page := h.reader.post(path, fields...)
		found := alert.FindStringSubmatch(page.body)
		if found == nil {
			t.Errorf("%s shows no refusal: %d %s", path, page.status, page.location)
			continue
		}
		if said := found[1] + found[2]; !inPretend(said, "&#34;ten&#34;") {
			t.Errorf("%s refuses in English: %s", path, said)
		}
	}
	h.speak(spoken, "de, en;q=0.5")
	if p := h.call(h.daily.live, http.MethodPost, "/v1/orders", `{"price":1.5}`); !strings.Contains(p.body, "price is a string") {
		t.Errorf("who asks for a language that is not there is told %s", p.body)
	}
}
