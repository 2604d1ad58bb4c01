package launch

import (
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Browser visits pages without JavaScript: it follows redirects, keeps cookies, and
// sends forms that are on the page. Names under localhost are this machine.
type Browser struct {
	tb     testing.TB
	Client *http.Client
	Header http.Header // sent with every request

	URL    *url.URL // of the present page
	Status int
	Body   string
	Type   string
}

// maxPage bounds what is read of a page.
const maxPage = 16 << 20

// NewBrowser returns a browser without cookies.
func NewBrowser(tb testing.TB) *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &Browser{tb: tb, Header: http.Header{}, Client: &http.Client{Jar: jar, Timeout: patience, Transport: Transport()}}
}

// Transport returns a transport that finds names under localhost here.
func Transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{
		MaxIdleConnsPerHost: 64,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
				address = net.JoinHostPort("localhost", port)
			}
			return dialer.DialContext(ctx, network, address)
		},
	}
}

// Get opens an address, relative to the present page where there is one.
func (b *Browser) Get(address string) *Browser {
	b.tb.Helper()
	return b.Do(http.MethodGet, address, nil, nil)
}

// Do sends a request and reads the page that it leads to.
func (b *Browser) Do(method, address string, header http.Header, form url.Values) *Browser {
	b.tb.Helper()
	target, err := url.Parse(address)
	if err != nil {
		b.tb.Fatal(err)
	}
	if b.URL != nil {
		target = b.URL.ResolveReference(target)
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(b.tb.Context(), method, target.String(), body)
	if err != nil {
		b.tb.Fatal(err)
	}
	for _, h := range []http.Header{b.Header, header} {
		for name, values := range h {
			request.Header[name] = values
		}
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := b.Client.Do(request)
	if err != nil {
		b.tb.Fatalf("%s %s: %v", method, target, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxPage))
	if err != nil {
		b.tb.Fatalf("%s %s: %v", method, target, err)
	}
	b.URL, b.Status, b.Body, b.Type = response.Request.URL, response.StatusCode, string(content), response.Header.Get("Content-Type")
	return b
}

var (
	formPattern  = regexp.MustCompile(`(?s)<form[^>]*>.*?</form>`)
	inputPattern = regexp.MustCompile(`<input[^>]*>`)
	attributes   = regexp.MustCompile(`([a-z_-]+)="([^"]*)"`)
)

// Submit sends the first form of the present page whose action contains a text, with
// its hidden fields and the values given.
func (b *Browser) Submit(action string, values ...string) *Browser {
	b.tb.Helper()
	head, fields, ok := b.form(action)
	if !ok {
		b.tb.Fatalf("%s has no form for %q:\n%s", b.URL, action, b.Body)
	}
	for i := 0; i+1 < len(values); i += 2 {
		fields.Set(values[i], values[i+1])
	}
	return b.Do(strings.ToUpper(head["method"]), head["action"], nil, fields)
}

// Form returns the fields that Submit would send as they stand on the page, and false
// where there is no such form.
func (b *Browser) Form(action string) (fields url.Values, ok bool) {
	_, fields, ok = b.form(action)
	return fields, ok
}

// form finds the first form whose action contains a text: its own attributes, its fields.
func (b *Browser) form(action string) (head map[string]string, fields url.Values, ok bool) {
	for _, form := range formPattern.FindAllString(b.Body, -1) {
		head = attributesOf(form[:strings.Index(form, ">")+1])
		if !strings.Contains(head["action"], action) {
			continue
		}
		fields = url.Values{}
		for _, input := range inputPattern.FindAllString(form, -1) {
			if a := attributesOf(input); a["name"] != "" && (a["value"] != "" || a["type"] == "hidden") {
				fields.Set(a["name"], a["value"])
			}
		}
		return head, fields, true
	}
	return nil, nil, false
}

func attributesOf(tag string) map[string]string {
	found := map[string]string{}
	for _, match := range attributes.FindAllStringSubmatch(tag, -1) {
		found[match[1]] = html.UnescapeString(match[2])
	}
	return found
}

// Want fails the test unless the page has this status and all of these texts.
func (b *Browser) Want(status int, texts ...string) *Browser {
	b.tb.Helper()
	if b.Status != status {
		b.tb.Fatalf("%s answered %d, want %d:\n%s", b.URL, b.Status, status, b.Body)
	}
	plain := html.UnescapeString(b.Body)
	for _, text := range texts {
		if !strings.Contains(plain, text) {
			b.tb.Fatalf("%s does not say %q:\n%s", b.URL, text, b.Body)
		}
	}
	return b
}

// Without fails the test where the page has one of these texts.
func (b *Browser) Without(texts ...string) *Browser {
	b.tb.Helper()
	plain := html.UnescapeString(b.Body)
	for _, text := range texts {
		if strings.Contains(plain, text) {
			b.tb.Fatalf("%s says %q:\n%s", b.URL, text, b.Body)
		}
	}
	return b
}

// Find returns the first group of a pattern's first match on the page.
func (b *Browser) Find(pattern string) string {
	b.tb.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(b.Body)
	if match == nil {
		b.tb.Fatalf("%s has nothing like %s:\n%s", b.URL, pattern, b.Body)
	}
	return html.UnescapeString(match[1])
}

// String names the present page, for messages.
func (b *Browser) String() string { return fmt.Sprintf("%s (%d)", b.URL, b.Status) }
