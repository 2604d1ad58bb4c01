package demo

import (
	"net/http"
	"strings"
	"testing"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// TestShops runs one demo and buys at its three shops.
func TestShops(t *testing.T) {
	d := launch.StartDemo(t, t.TempDir())
	t.Run("an article is bought once", func(t *testing.T) { buyArticle(t, d) })
	t.Run("a track is played three times", func(t *testing.T) { rentTrack(t, d) })
	t.Run("calls are paid by pack and allowance", func(t *testing.T) { callAPI(t, d) })
	t.Run("a refund closes an article", func(t *testing.T) { refundArticle(t, d) })
	t.Run("staff see the sales", func(t *testing.T) { lookAtBooks(t, d) })
	if code := d.Stop(t); code != 0 {
		t.Errorf("the demo ended with code %d", code)
	}
}

func buyArticle(t *testing.T, d *launch.Demo) {
	const slug, last = "in-praise-of-the-smallest-coin", "how little it allows you to refuse"
	before := balance(t, d, "ada@readers.example", "EUR")
	b := readArticle(t, d, d.URLs["newspaper"], slug, "ada@readers.example")
	b.Want(http.StatusOK, last).Without("Read the rest")
	if strings.Contains(b.URL.RawQuery, "ticket") {
		t.Errorf("the ticket is still in the address: %s", b.URL)
	}
	after := balance(t, d, "ada@readers.example", "EUR")
	if before != "10.00" || after != "9.90" {
		t.Errorf("the wallet went from %s to %s EUR, want 10.00 to 9.90", before, after)
	}
	b.Get(d.URLs["newspaper"]+"/articles/"+slug).Want(http.StatusOK, last)

	other := launch.NewBrowser(t) // the same reader on another device
	other.Get(d.URLs["newspaper"] + "/articles/" + slug).Submit("farthing=buy")
	logIn(other, d, "ada@readers.example").Want(http.StatusOK, "at no charge").Submit("/pay/").Want(http.StatusOK, last)
	if now := balance(t, d, "ada@readers.example", "EUR"); now != after {
		t.Errorf("opening it again cost something: %s, then %s EUR", after, now)
	}
	stranger := launch.NewBrowser(t)
	stranger.Get(d.URLs["newspaper"]+"/articles/"+slug).Want(http.StatusOK, "Read the rest").Without(last)
}

func rentTrack(t *testing.T, d *launch.Demo) {
	before := balance(t, d, "ada@readers.example", "JPY")
	b := launch.NewBrowser(t)
	b.Get(d.URLs["music"]+"/tracks/harbour-lights").Want(http.StatusOK, "Rent for 30 JPY")
	b.Submit("/rent/").Want(http.StatusOK, "Log in")
	logIn(b, d, "ada@readers.example").Want(http.StatusOK).Submit("/pay/").Want(http.StatusOK, "3</strong> of 3 plays left")
	track := b.URL.String()
	for play := 1; play <= 3; play++ {
		b.Get(track).Submit("/play/").Want(http.StatusOK, "play "+string(rune('0'+play))+" of 3")
		listening := b.URL.String()
		stream := b.Find(`<audio[^>]* src="([^"]*)"`)
		b.Do(http.MethodHead, stream, nil, nil).Want(http.StatusOK)
		b.Do(http.MethodGet, stream, http.Header{"Range": {"bytes=100-1099"}}, nil).Want(http.StatusPartialContent)
		if len(b.Body) != 1000 {
			t.Errorf("a range of 1000 bytes came as %d", len(b.Body))
		}
		b.Get(stream).Want(http.StatusOK)
		if b.Type != "audio/wav" || !strings.HasPrefix(b.Body, "RIFF") || len(b.Body) < 500_000 {
			t.Errorf("the stream is %s of %d bytes", b.Type, len(b.Body))
		}
		b.Get(listening).Want(http.StatusOK, "play "+string(rune('0'+play))+" of 3") // a reload is no play
	}
	b.Get(track).Want(http.StatusOK, "used up").Submit("/play/")
	b.Want(http.StatusGone, "All three plays are used", "Rent for 30 JPY")
	if after := balance(t, d, "ada@readers.example", "JPY"); before != "1,470" || after != "1,440" {
		t.Errorf("the wallet went from %s to %s JPY, want 1,470 to 1,440", before, after)
	}
	launch.NewBrowser(t).Get(d.URLs["music"]+"/stream/stolen/harbour-lights.wav").Want(http.StatusGone, "This play has ended")
}

func callAPI(t *testing.T, d *launch.Demo) {
	market := d.URLs["calls"]
	var refusal struct{ Code, Buy, Allow string }
	if r := question(t, "GET", market+"/v1/roman/1999", "", &refusal); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("a call without a key was answered %d", r.StatusCode)
	}
	key := buyKey(t, d, "ben@readers.example")
	var answer struct {
		Answer struct {
			Roman string
			Valid bool
		}
		Paid struct {
			Order, By string
			CallsLeft *int `json:"calls_left"`
		}
	}
	for i, by := range []string{"pack", "allowance", "allowance"} {
		if r := question(t, "GET", market+"/v1/roman/1999", key, &answer); r.StatusCode != http.StatusOK || answer.Answer.Roman != "MCMXCIX" || answer.Paid.By != by {
			t.Fatalf("call %d was answered %d: %+v, want paid by %s", i+1, r.StatusCode, answer, by)
		}
	}
	before := balance(t, d, "ben@readers.example", "USD")
	if r := question(t, "GET", market+"/v1/roman/IIII", key, &refusal); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a question without an answer was answered %d", r.StatusCode)
	}
	if after := balance(t, d, "ben@readers.example", "USD"); after != before {
		t.Errorf("a question without an answer cost something: %s, then %s USD", before, after)
	}
	if r := question(t, "GET", market+"/v1/iban/GB82WEST12345698765432", key, &answer); r.StatusCode != http.StatusOK || !answer.Answer.Valid {
		t.Errorf("the IBAN was answered %d: %+v", r.StatusCode, answer)
	}

	// Ada has given no allowance: her second call has nobody to pay it.
	key = buyKey(t, d, "ada@readers.example")
	question(t, "GET", market+"/v1/roman/4", key, &answer)
	if r := question(t, "GET", market+"/v1/roman/4", key, &refusal); r.StatusCode != http.StatusPaymentRequired || refusal.Code != "allowance_missing" || refusal.Buy == "" || refusal.Allow == "" {
		t.Errorf("a call that nobody pays was answered %d: %+v", r.StatusCode, refusal)
	}
	b := launch.NewBrowser(t)
	b.Get(refusal.Buy).Submit("/buy/pack")
	logIn(b, d, "ada@readers.example").Submit("/pay/").Want(http.StatusOK, "100 paid calls are left")
	key = b.Find(`(?s)<textarea[^>]*>([^<]*)</textarea>`)
	if r := question(t, "GET", market+"/v1/sun?lat=51.48&lon=0&date=2026-06-21", key, &answer); r.StatusCode != http.StatusOK || answer.Paid.CallsLeft == nil || *answer.Paid.CallsLeft != 99 {
		t.Errorf("the first call of the pack was answered %d: %+v", r.StatusCode, answer)
	}
}

// buyKey buys one call, which a key comes with.
func buyKey(t *testing.T, d *launch.Demo, email string) string {
	t.Helper()
	b := launch.NewBrowser(t)
	b.Get(d.URLs["calls"] + "/").Submit("/buy/call")
	logIn(b, d, email).Submit("/pay/").Want(http.StatusOK, "1 paid call is left")
	return b.Find(`(?s)<textarea[^>]*>([^<]*)</textarea>`)
}

func refundArticle(t *testing.T, d *launch.Demo) {
	const slug, last = "the-woman-who-writes-the-timetable", "plan for the nurses"
	before := balance(t, d, "ada@readers.example", "USD")
	b := readArticle(t, d, d.URLs["newspaper"], slug, "ada@readers.example")
	b.Want(http.StatusOK, last)
	client := &sdk.Client{BaseURL: d.URL, Key: keys(t, d)["newspaper"]}
	orders, err := client.Orders(t.Context(), sdk.Page{Limit: 1})
	if err != nil || len(orders.Data) != 1 {
		t.Fatalf("%d orders, %v", len(orders.Data), err)
	}
	refunded, err := client.Refund(t.Context(), orders.Data[0].ID, "", "for a test")
	if err != nil || refunded.Status != "refunded" || refunded.Refunded != "0.05" {
		t.Fatalf("the refund made %+v, %v", refunded, err)
	}
	b.Get(d.URLs["newspaper"]+"/articles/"+slug).Want(http.StatusGone, "refunded").Without(last)
	if after := balance(t, d, "ada@readers.example", "USD"); after != before {
		t.Errorf("the wallet went from %s to %s USD", before, after)
	}
}

func lookAtBooks(t *testing.T, d *launch.Demo) {
	b := launch.NewBrowser(t)
	b.Get(d.URL + "/login")
	logIn(b, d, "mara@gazette.example")
	b.Get(d.URL+"/console").Want(http.StatusOK, "The Harbour Gazette")
	b.Get(b.Find(`href="(/console/vnd_[^"]*)"`)).Want(http.StatusOK)
	vendor := b.URL.Path
	b.Get(vendor+"/sales").Want(http.StatusOK, "In praise of the smallest coin").Without("Ada", "ada@readers.example", "usr_")
	b.Get(vendor+"/royalties").Want(http.StatusOK, "Skerry Press", "Tobias Renn")
}
