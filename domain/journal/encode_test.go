package journal

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/domain/wire"
	"farthing.dev/farthing/token"
)

// An entry encoded by hand is, byte for byte, what the library makes of it, and
// comes back as it was. Only a key that is not there differs: the library writes
// its zeros.
func TestEntriesAreEncodedAsTheLibraryDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntry(t)
		want, err := encoding.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := appendEntry(nil, e)
		if !ok || (!bytes.Equal(got, want) && !e.Key.IsZero()) {
			t.Fatalf("encoded (%v)\n%x, want\n%x", ok, got, want)
		}
		var theirs Entry
		if err := decoding.Unmarshal(got, &theirs); err != nil || !reflect.DeepEqual(&theirs, e) {
			t.Fatalf("the library decodes it (%v) as\n%+v, want\n%+v", err, theirs, e)
		}
		var back Entry
		rest, ok := readEntry(append(got, 1, 2, 3), &back)
		if !ok || !bytes.Equal(rest, []byte{1, 2, 3}) || !reflect.DeepEqual(&back, e) {
			t.Fatalf("decoded (%v, left %x)\n%+v, want\n%+v", ok, rest, back, e)
		}
		if rest, err := pass(append(got, 1, 2, 3)); err != nil || !bytes.Equal(rest, []byte{1, 2, 3}) {
			t.Fatalf("passed over it: left %x, %v", rest, err)
		}
	})
}

// The entries of a block come back one by one and all together, also those that the
// library encodes.
func TestABlockReturnsItsEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var entries []*Entry
		for i := range rapid.IntRange(1, 20).Draw(t, "entries") {
			e := drawEntry(t)
			if i%3 == 1 {
				e.Kind, e.Fund = Funded, &Fund{Amount: 5, Currency: token.MustCurrency("EUR"), Method: "check", Reference: "r"}
			}
			entries = append(entries, e)
		}
		block, err := Seal(Head{Seq: 41, At: 7}, 8, entries)
		if err != nil {
			t.Fatal(err)
		}
		all, err := block.Entries()
		if err != nil || !reflect.DeepEqual(all, entries) {
			t.Fatalf("all entries: %v\n%+v, want\n%+v", err, all, entries)
		}
		for i, want := range entries {
			got, err := block.Entry(uint64(42 + i))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("entry %d: %v\n%+v, want\n%+v", 42+i, err, got, want)
			}
		}
		if _, err := block.Entry(uint64(42 + len(entries))); err == nil {
			t.Fatal("an entry was found after the last one")
		}
	})
}

// What is decoded by hand is what the library decodes; what is passed over by hand
// ends where the library says it ends.
func FuzzReadEntry(f *testing.F) {
	for seed := range 20 {
		encoded, _ := appendEntry(nil, rapid.Custom(drawEntry).Example(seed))
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		var got, want Entry
		if rest, ok := readEntry(encoded, &got); ok {
			left, err := decoding.UnmarshalFirst(encoded, &want)
			if err != nil || !bytes.Equal(rest, left) || !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, left %x; the library: %+v, left %x, %v", got, rest, want, left, err)
			}
		}
		if err := decoding.Wellformed(encoded); err == nil {
			r := wire.Reader{Rest: encoded}
			if r.Skip(16) && len(r.Rest) != 0 {
				t.Fatalf("passing over it leaves %x", r.Rest)
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) { benchmarkBlock(b, func(*Block) {}) }

func BenchmarkEntries(b *testing.B) {
	benchmarkBlock(b, func(block *Block) {
		if _, err := block.Entries(); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkEntry(b *testing.B) {
	benchmarkBlock(b, func(block *Block) {
		if _, err := block.Entry(128); err != nil {
			b.Fatal(err)
		}
	})
}

// benchmarkBlock seals blocks of 256 purchases and does something with them.
func benchmarkBlock(b *testing.B, do func(*Block)) {
	entries := make([]*Entry, 256)
	for i := range entries {
		entries[i] = purchase(byte(i))
	}
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		block, err := Seal(Head{}, 1, entries)
		if err != nil {
			b.Fatal(err)
		}
		size = len(block.Body)
		do(block)
	}
	b.ReportMetric(float64(size)/256, "B/entry")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/256, "ns/entry")
}

// purchase is an ordinary purchase by an allowance, with two payees.
func purchase(n byte) *Entry {
	usd, id := token.MustCurrency("USD"), func(kind byte) [16]byte { return [16]byte{1, 2, 3, 4, 5, 6, kind, n} }
	leg := func(code ledger.Code, owner [16]byte, amount token.Amount) ledger.Leg {
		return ledger.Leg{Account: ledger.Account{Code: code, Owner: owner, Currency: usd}, Amount: amount}
	}
	return &Entry{
		Kind: Purchased, Order: id(1), Account: id(2), User: id(3), Vendor: id(4),
		Key: NewKey(id(4), "", "key", []byte{n}),
		Legs: []ledger.Leg{
			leg(ledger.Wallet, id(2), -250_000), leg(ledger.VendorPayable, id(4), 200_000), leg(ledger.Fee, [16]byte{}, 10_000),
			leg(ledger.PayeePayable, id(5), 20_000), leg(ledger.PayeePayable, id(6), 20_000),
		},
		Sale: &Sale{
			Price: 250_000, Currency: usd, Consent: Consent{Method: ByAllowance, Allowance: id(7)},
			Rule: Rule{Split: id(8), Version: 1, Fee: royalty.FeeRule{PPM: 40_000}}, Net: 200_000, Fee: 10_000,
			Lines: []royalty.Line{{Payee: id(5), Amount: 20_000}, {Payee: id(6), Amount: 20_000}},
			Item:  ItemHash(id(9)), Offer: id(10), OfferVer: 1,
		},
	}
}

func drawEntry(t *rapid.T) *Entry {
	e := &Entry{
		Kind:  Kind(rapid.Byte().Draw(t, "kind")),
		Order: drawID(t), Account: drawID(t), User: drawID(t), Vendor: drawID(t), By: drawID(t),
		View: rapid.Uint32().Draw(t, "view"), First: drawMillis(t),
	}
	for range rapid.IntRange(0, 30).Draw(t, "legs") {
		e.Legs = append(e.Legs, ledger.Leg{Account: ledger.Account{
			Code: ledger.Code(rapid.Byte().Draw(t, "code")), Owner: drawID(t), Currency: drawCurrency(t), Class: drawClass(t),
		}, Amount: drawAmount(t)})
	}
	if rapid.Bool().Draw(t, "keyed") {
		e.Key = NewKey(drawID(t), "p", rapid.String().Draw(t, "text"), nil)
	}
	if rapid.Bool().Draw(t, "sold") {
		e.Sale = drawSale(t)
	}
	return e
}

func drawSale(t *rapid.T) *Sale {
	s := &Sale{
		Price: drawAmount(t), Currency: drawCurrency(t), Net: drawAmount(t), Fee: drawAmount(t),
		Consent: Consent{Method: ConsentMethod(rapid.Byte().Draw(t, "method")), Login: drawMillis(t), Until: drawMillis(t), Allowance: drawID(t)},
		Rule: Rule{Split: drawID(t), Version: rapid.Uint32().Draw(t, "version"), Fee: royalty.FeeRule{
			PPM: rapid.Int64Range(0, 1_000_000).Draw(t, "ppm"), Fixed: drawAmount(t)}},
		Item: ItemHash(drawID(t)), Offer: drawID(t), OfferVer: rapid.Uint32().Draw(t, "offer"), Until: drawMillis(t),
		Terms: entitlement.Terms{Times: rapid.Uint32().Draw(t, "times"), Hours: rapid.Uint32().Draw(t, "hours"),
			Days: rapid.Uint32().Draw(t, "days"), Expiry: drawMillis(t)},
		Tracking: rapid.String().Draw(t, "tracking"), Test: rapid.Bool().Draw(t, "test"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "sources") {
		s.Sources = append(s.Sources, Source{Class: drawClass(t), Amount: drawAmount(t), Issuer: drawID(t)})
	}
	for range rapid.IntRange(0, 3).Draw(t, "lines") {
		s.Lines = append(s.Lines, royalty.Line{Payee: drawID(t), Amount: drawAmount(t)})
	}
	return s
}

func drawID(t *rapid.T) [16]byte {
	var id [16]byte
	copy(id[:], rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "id"))
	return id
}

func drawCurrency(t *rapid.T) token.Currency {
	return rapid.SampledFrom([]token.Currency{{}, token.MustCurrency("USD"), token.MustCurrency("JPY")}).Draw(t, "currency")
}

func drawClass(t *rapid.T) token.Class {
	return token.Class{Kind: token.ClassKind(rapid.Byte().Draw(t, "class")), Campaign: drawID(t)}
}

func drawAmount(t *rapid.T) token.Amount {
	return token.Amount(rapid.Int64Range(math.MinInt64, math.MaxInt64).Draw(t, "amount"))
}

func drawMillis(t *rapid.T) int64 { return rapid.Int64Range(0, 1<<45).Draw(t, "millis") }

// A field added to an entry and forgotten by appendEntry would be lost. So each field
// is set once, by reflection, and has to come back.
func TestNoFieldOfAnEntryIsForgotten(t *testing.T) {
	for _, path := range fieldPaths(reflect.TypeFor[Entry](), nil) {
		e := &Entry{}
		name := setField(reflect.ValueOf(e).Elem(), path)
		if name == ".Seq" || name == ".At" || name == ".Key.Digest" {
			continue // the block knows two of these; without a key there is no digest
		}
		block, err := Seal(Head{Seq: 4}, 6, []*Entry{e})
		if err != nil {
			t.Fatal(err)
		}
		back, err := block.Entry(5)
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("the field %s does not come back: %v\n%+v, want\n%+v", name, err, back, e)
		}
	}
}

// fieldPaths lists the ways to every field that is not itself a struct.
func fieldPaths(typ reflect.Type, ahead []int) [][]int {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return [][]int{ahead}
	}
	var paths [][]int
	for i := range typ.NumField() {
		if typ.Field(i).Name != "_" {
			paths = append(paths, fieldPaths(typ.Field(i).Type, append(ahead[:len(ahead):len(ahead)], i))...)
		}
	}
	return paths
}

// setField makes the field at the end of the path differ from zero, and what leads
// to it, and returns its name.
func setField(v reflect.Value, path []int) string {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return setField(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return setField(v.Index(0), path)
	case reflect.Array:
		v.Index(0).SetUint(7)
	case reflect.Struct:
		name := "." + v.Type().Field(path[0]).Name
		return name + setField(v.Field(path[0]), path[1:])
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	default:
		v.SetUint(7)
	}
	return ""
}
