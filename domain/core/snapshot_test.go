package core_test

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// A snapshot is, byte for byte, what the library makes of an account, and comes back as
// it was, whoever reads it. Every field of the types is drawn, by reflection, so that none
// that is added can be forgotten.
func TestSnapshotsAreEncodedAsTheLibraryDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &core.Account{}
		draw(t, reflect.ValueOf(a).Elem())
		want, err := journal.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		got := a.AppendSnapshot([]byte("before"))
		if !bytes.Equal(got, append([]byte("before"), want...)) {
			t.Fatalf("encoded\n%x, want\n%x", got[6:], want)
		}
		var back, theirs core.Account
		if err := back.ReadSnapshot(want); err != nil || !reflect.DeepEqual(&back, a) {
			t.Fatalf("decoded (%v)\n%+v, want\n%+v", err, back, a)
		}
		if err := journal.Unmarshal(got[6:], &theirs); err != nil || !reflect.DeepEqual(theirs, back) {
			t.Fatalf("the library decodes it (%v) as\n%+v, want\n%+v", err, theirs, back)
		}
	})
}

// draw sets all that v is made of. Numbers are what their types are meant for: none of
// the signed ones needs more than 63 bits.
func draw(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			draw(t, v.Field(i))
		}
	case reflect.Slice:
		if n := rapid.IntRange(0, 3).Draw(t, "elements"); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range v.Len() {
			draw(t, v.Index(i))
		}
	case reflect.Array:
		for i, b := range rapid.SampledFrom([][]byte{{}, {7}, bytes.Repeat([]byte{0xff}, v.Len())}).Draw(t, "bytes") {
			v.Index(i).SetUint(uint64(b))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			draw(t, v.Elem())
		}
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{"", "a reason"}).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "truth"))
	case reflect.Int64:
		v.SetInt(rapid.OneOf(rapid.Just[int64](0), rapid.Int64()).Draw(t, "number"))
	default:
		v.SetUint(rapid.OneOf(rapid.Just[uint64](0), rapid.Uint64Max(math.MaxUint64>>(64-v.Type().Bits()))).Draw(t, "count"))
	}
}

// Snapshots of a version that knew more, or that another program wrote, are read by the
// library; what is no snapshot is refused.
func TestOtherSnapshotsAreLeftToTheLibrary(t *testing.T) {
	a := core.Account{ID: token.AccountID{1}, Seq: 4, Wallets: []core.Wallet{{Currency: token.MustCurrency("USD"), Balance: 5}}}
	known := a.AppendSnapshot(nil)
	more := append([]byte{known[0] + 1}, append(known[1:len(known):len(known)], 0x18, 99, 0xf6)...) // a field 99 that is null
	long := bytes.Replace(known, []byte{2, 4}, []byte{2, 0x18, 4}, 1)                               // 4, written in two bytes
	for name, written := range map[string][]byte{"more fields": more, "a longer form": long} {
		var back core.Account
		if err := back.ReadSnapshot(written); err != nil || !reflect.DeepEqual(back, a) {
			t.Errorf("%s: decoded (%v) %+v", name, err, back)
		}
	}
	for name, written := range map[string][]byte{"nothing": nil, "a part": known[:len(known)-1], "more behind": append(known, 1)} {
		var back core.Account
		if err := back.ReadSnapshot(written); err == nil {
			t.Errorf("%s was decoded as %+v", name, back)
		}
	}
}

// reader is an account like most.
func reader() *core.Account {
	usd, month := token.MustCurrency("USD"), limit.Counter{Start: 1_700_000_000_000, End: 1_702_000_000_000, Spent: 350_000}
	return &core.Account{
		ID: token.AccountID{1}, Seq: 1_000_000, Wallets: []core.Wallet{{Currency: usd, Balance: 12_340_000}},
		Limits: []limit.Limit{{ID: token.LimitID{2}, Currency: usd, Period: limit.Month, Max: 20_000_000, Counter: month}},
		Allowances: []limit.Allowance{
			{ID: token.AllowanceID{3}, User: token.UserID{4}, Vendor: token.VendorID{5}, Currency: usd, PerPurchase: 1_000_000, Period: limit.Month, Max: 5_000_000, Until: 1 << 41, Counter: month},
			{ID: token.AllowanceID{6}, User: token.UserID{4}, Vendor: token.VendorID{7}, Currency: usd, PerPurchase: 1_000_000, Period: limit.Month, Max: 5_000_000, Until: 1 << 41},
		},
	}
}

func BenchmarkAppendSnapshot(b *testing.B) {
	a, buffer := reader(), make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buffer = a.AppendSnapshot(buffer[:0])
	}
	b.ReportMetric(float64(len(buffer)), "B/account")
}

func BenchmarkReadSnapshot(b *testing.B) {
	encoded := reader().AppendSnapshot(nil)
	b.ReportAllocs()
	for b.Loop() {
		var a core.Account
		if err := a.ReadSnapshot(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadSnapshotByTheLibrary(b *testing.B) {
	encoded := reader().AppendSnapshot(nil)
	b.ReportAllocs()
	for b.Loop() {
		var a core.Account
		if err := journal.Unmarshal(encoded, &a); err != nil {
			b.Fatal(err)
		}
	}
}
