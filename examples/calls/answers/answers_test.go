package answers_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"farthing.dev/farthing/examples/calls/answers"
)

func TestRoman(t *testing.T) {
	for text, want := range map[string]answers.Roman{
		"1999": {1999, "MCMXCIX"}, "mcmxcix": {1999, "MCMXCIX"}, "4": {4, "IV"}, "3999": {3999, "MMMCMXCIX"}, "I": {1, "I"},
	} {
		if got, err := answers.ConvertRoman(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "4000", "-1", "IIII", "VX", "MMMM", "IC", "hello", "XIVI"} {
		if got, err := answers.ConvertRoman(text); !errors.Is(err, answers.ErrQuestion) {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	for n := 1; n <= 3999; n++ {
		written, err := answers.ConvertRoman(strconv.Itoa(n))
		if err != nil {
			t.Fatal(err)
		}
		if back, err := answers.ConvertRoman(written.Roman); err != nil || back != written {
			t.Fatalf("%d is written %s and read as %v, %v", n, written.Roman, back, err)
		}
	}
}

func TestIBAN(t *testing.T) {
	for _, text := range []string{"GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "fr1420041010050500013m02606", "NO9386011117947"} {
		if got, err := answers.CheckIBAN(text); err != nil || !got.Valid {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"GB82WEST12345698765433", "DE8937040044053201300", "ZZ89370400440532013000"} {
		if got, err := answers.CheckIBAN(text); err != nil || got.Valid || got.Reason == "" {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "GB", "GB82-WEST-1234", "GB82WEST123456987654321234567890123456"} {
		if _, err := answers.CheckIBAN(text); !errors.Is(err, answers.ErrQuestion) {
			t.Errorf("%q was answered", text)
		}
	}
}

// The times are those of published almanacs, to two minutes.
func TestSun(t *testing.T) {
	near := func(got, want string) bool {
		g, err := time.Parse("2006-01-02T15:04Z", got)
		w, _ := time.Parse("2006-01-02T15:04Z", want)
		return err == nil && g.Sub(w).Abs() <= 2*time.Minute
	}
	for _, test := range []struct {
		place        string
		lat, lon     float64
		date         string
		rise, sunset string
	}{
		{"Greenwich, midsummer", 51.4779, 0, "2026-06-21", "2026-06-21T03:43Z", "2026-06-21T20:22Z"},
		{"Greenwich, midwinter", 51.4779, 0, "2026-12-21", "2026-12-21T08:04Z", "2026-12-21T15:53Z"},
		{"New York, equinox", 40.7128, -74.006, "2026-03-20", "2026-03-20T11:00Z", "2026-03-20T23:09Z"},
		{"Quito, equinox", -0.1807, -78.4678, "2026-03-20", "2026-03-20T11:18Z", "2026-03-20T23:24Z"},
	} {
		date, _ := time.Parse(time.DateOnly, test.date)
		got, err := answers.SunAt(test.lat, test.lon, date)
		if err != nil || !near(got.Sunrise, test.rise) || !near(got.Sunset, test.sunset) {
			t.Errorf("%s: got %+v, %v", test.place, got, err)
		}
	}
	summer, winter := time.Date(2026, 6, 21, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC)
	if got, _ := answers.SunAt(69.65, 18.96, summer); got.Polar != "day" || got.Minutes != 1440 {
		t.Errorf("Tromsø at midsummer: %+v", got)
	}
	if got, _ := answers.SunAt(69.65, 18.96, winter); got.Polar != "night" || got.Minutes != 0 {
		t.Errorf("Tromsø at midwinter: %+v", got)
	}
	for _, lat := range []float64{91, -91} {
		if _, err := answers.SunAt(lat, 0, summer); !errors.Is(err, answers.ErrQuestion) {
			t.Errorf("latitude %v was answered", lat)
		}
	}
}
