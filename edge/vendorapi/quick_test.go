package vendorapi

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"farthing.dev/farthing/edge/text"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// fill gives every field of a value something, or nothing: text with whatever can stand in it,
// numbers at their bounds, times with fractions, and so on.
func fill(t *rapid.T, v reflect.Value) {
	if rapid.IntRange(0, 3).Draw(t, "leave") == 0 {
		return
	}
	switch value := v.Addr().Interface().(type) {
	case *time.Time:
		zone := rapid.SampledFrom([]*time.Location{time.UTC, time.UTC, time.UTC, time.FixedZone("", 3600), time.FixedZone("", 1)}).Draw(t, "zone")
		*value = time.UnixMilli(rapid.Int64Range(-1<<47, 1<<48).Draw(t, "time")).In(zone)
		return
	case *token.Currency:
		*value = token.Currency{'U', 'S', 'D'}
		return
	case *web.Problem:
		*value = web.NewProblem(rapid.SampledFrom([]error{errors.New("x"), errNotHere, errTooLarge}).Draw(t, "problem"), text.English())
		value.Detail += rapid.SampledFrom([]string{"", "<\u2028&>"}).Draw(t, "detail")
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(0, 3).Draw(t, "length"), 3))
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Array: // ids
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(rapid.Byte().Draw(t, "byte")))
		}
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]*`), rapid.SampledFrom([]string{"\xff", "a\x00b", "\u2028<&>", `"\`, "\x7f"})).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "number"))
	case reflect.Uint32:
		v.SetUint(uint64(rapid.Uint32().Draw(t, "number")))
	default:
		t.Fatalf("this test cannot fill a %s", v.Type())
	}
}

// What is written by hand is what the library writes, and what the library refuses is refused.
func TestWrittenByHandAsByTheLibrary(t *testing.T) {
	t.Parallel()
	for _, empty := range []func() written{
		func() written { return new(order) },
		func() written { return new(newPurchase) },
		func() written { return new(batchResults) },
	} {
		t.Run(fmt.Sprintf("%T", empty()), rapid.MakeCheck(func(t *rapid.T) {
			body := empty()
			fill(t, reflect.ValueOf(body).Elem())
			want, wantErr := json.Marshal(body)
			var buffer bytes.Buffer
			if err := encode(&buffer, body); (err == nil) != (wantErr == nil) {
				t.Fatalf("encode: %v, the library: %v", err, wantErr)
			} else if err == nil && buffer.String() != string(want) {
				t.Fatalf("by hand:    %s\nby library: %s", buffer.String(), want)
			}
			digest, err := canonical("POST", "/", body)
			if (err == nil) != (wantErr == nil) || err == nil && string(digest) != "POST /\n"+string(want) {
				t.Fatalf("canonical form: %v\n%s\n%s", err, digest, want)
			}
		}))
	}
}

// An answer that all of the API's purchases have is written without the library.
func TestAnOrdersAnswerNeedsNoLibrary(t *testing.T) {
	t.Parallel()
	w, made := writer{}, orderOf((&fakeApp{}).order())
	if made.write(&w); w.odd {
		t.Error("it is left to the library")
	}
}

// oneBody is the body of a purchase or of a batch, now and then with something odd in it.
func oneBody(t *rapid.T, names, values []string) string {
	var b strings.Builder
	space := func() { b.WriteString(rapid.SampledFrom([]string{"", "", "", " ", "\n\t\r"}).Draw(t, "space")) }
	b.WriteByte('{')
	for i := range rapid.IntRange(0, 6).Draw(t, "fields") {
		if i > 0 {
			b.WriteString(rapid.SampledFrom([]string{",", ",", ",", ",", ",", ",,", ""}).Draw(t, "comma"))
		}
		space()
		b.WriteString(`"` + rapid.SampledFrom(names).Draw(t, "name") + `"`)
		space()
		b.WriteByte(':')
		space()
		b.WriteString(rapid.SampledFrom(values).Draw(t, "value"))
		space()
	}
	b.WriteString(rapid.SampledFrom([]string{"}", "}", "}", "}", "}", "} ", "}\n", "}}", "", "}x"}).Draw(t, "end"))
	return b.String()
}

// What is read by hand is read as the library reads it, and what the library refuses is refused
// in the same words.
func TestReadByHandAsByTheLibrary(t *testing.T) {
	t.Parallel()
	names := []string{"reader", "offer", "offer_version", "tracking", "idempotency_key", "reader", "Reader", "other", "", `off\u0065r`, "é"}
	values := []string{
		`"` + token.ReaderID{5}.String() + `"`, `"` + token.OfferID{4}.String() + `"`, `"` + token.ReaderID{6}.String() + `"`, `""`, `"a b"`, `"t-1"`,
		"0", "1", "00", "4294967295", "4294967296", "18446744073709551617", "-1", "1.0", "1e2", "01", "+1",
		"null", "true", "{}", "[]", `"a\"b"`, `"é"`, "\"\x01\"", "\"\xff\"", "\"\x7f\"", `"\u0041"`, `"open`, "",
	}
	check := func(t rapid.TB, text string, got, want any) {
		t.Helper()
		err, wantErr := decode([]byte(text), got), json.Unmarshal([]byte(text), want, strict)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: by hand %v, by the library %v", text, err, wantErr)
		}
		if err != nil {
			if a, b := explainJSON([]byte(text), err).Error(), explainJSON([]byte(text), wantErr).Error(); a != b {
				t.Fatalf("%q: %s, not %s", text, a, b)
			}
			return
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %+v, not %+v", text, got, want)
		}
	}
	for _, name := range names {
		for _, value := range values {
			check(t, `{"`+name+`":`+value+`}`, new(newPurchase), new(newPurchase))
			check(t, `{"purchases":[{"`+name+`":`+value+`}]}`, new(batch), new(batch))
		}
	}
	t.Run("purchase", rapid.MakeCheck(func(t *rapid.T) {
		check(t, oneBody(t, names, values), new(newPurchase), new(newPurchase))
	}))
	t.Run("batch", rapid.MakeCheck(func(t *rapid.T) {
		text := `{"purchases":[`
		for i := range rapid.IntRange(0, 3).Draw(t, "purchases") {
			if i > 0 {
				text += ","
			}
			text += oneBody(t, names, values)
		}
		text += rapid.SampledFrom([]string{"]}", "]}", "]} ", "]", ",]}", `],"purchases":[]}`, `],"x":1}`}).Draw(t, "end")
		check(t, text, new(batch), new(batch))
	}))
}

// Nothing of a body that was left to the library stays from reading it by hand.
func TestWhatIsLeftToTheLibraryBeginsAnew(t *testing.T) {
	t.Parallel()
	var in newPurchase
	if err := decode([]byte(`{"offer_version":7,"tracking":"a","reader":null}`), &in); err != nil || in.Version != 7 || in.Tracking != "a" {
		t.Errorf("%+v, %v", in, err)
	}
	var many batch
	text, err := json.Marshal(map[string]any{"purchases": []map[string]any{{"idempotency_key": "1"}, {"tracking": "\"", "offer_version": 2}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := decode(text, &many); err != nil || len(many.Purchases) != 2 || many.Purchases[1].Version != 2 {
		t.Errorf("%+v, %v", many, err)
	}
}
