package token

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLabels(t *testing.T) {
	for _, good := range []string{
		"The Daily Harbour", "Ätna & Söhne GmbH", "Þórður", "Nguyễn Thị Minh Khai", "O’Reilly – Books", "München 2026!", "Газета «Гавань»", "Καθημερινή", "朝日新聞デジタル", "東京 Times",
		"한겨레 Daily", "中央社 CNA", "ㄅㄆㄇ 注音 News", "राजस्थान पत्रिका", "Radio ไทย", "الأهرام Online", "ידיעות", "Café ☕ 🇫🇷", "R&D (№ 7)™", "Ελλάδα 24", "Łódź", "コーヒー・マニア", "Ada\u3000Lovelace", "1234",
		"Яндекс Music", "Газета Ελλάδα", "ไทย राज", "Radio ไทย 한", "Кофе и Milk", "Ελλάδα Online", "Αθήνα 24 News",
		"می\u200cخواهم", "کتاب\u200cخانهٔ ملی", "نامه\u200cها News", "ش\u064f\u200cما", "ශ්\u200dරී ලංකා", "क्\u200dष", "क्\u200cष", "ನಾನ್\u200cಸೆನ್ಸ್",
		"e\u0301te\u0301", strings.Repeat("x", 100),
	} {
		if err := CheckLabel("a name", good, 100); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for bad, says := range map[string]string{
		"": "empty", "  ": "empty", "\u3000": "empty", strings.Repeat("x", 101): "at most 100", "two\nlines": "printed", "tab\there": "printed", "\xff": "printed",
		"P\u0430ypal": "Latin, Cyrillic", "Аpple": "Cyrillic", "The D\u03b1ily": "Greek", "Ρaris": "mixes", "\u13a1\u13a1 Bank": "mixes", "Аррӏе Store": "Latin, Cyrillic", "Store Аррӏе": "Latin, Cyrillic", "ΡΑΥ Bank": "Latin, Greek",
		"Яндексmusic Store": "mixes", "Музыка P\u0430ypal": "mixes", "ไทยราज": "mixes",
		"دار\u200cها": "not seen", "ها\u200c": "not seen", "ها\u200c ما": "not seen", "\u200cها": "not seen", "می\u200dخواهم": "not seen", "می\u200c\u200cخواهم": "not seen", "می\u200c7": "not seen", "Pay\u200cpal": "not seen", "Pay\u200dpal": "not seen",
		"ﻥ\u200cﻥ": "not seen", "ﺏ\u200cب": "not seen", "ب\u200cﺏ": "not seen", "ب\u200cۥ": "not seen", "ۥ\u200cب": "not seen", "\u0883\u200cب": "not seen", "ب\u200c\u0887": "not seen", "\u08c9\u200cب": "not seen", "\U0001ee01ب": "dress",
		"क\u200dष": "not seen", "क्\u200d": "not seen", "क्\u200dx": "not seen", "👩\u200d🚀": "not seen",
		"Pay\u200bpal": "not seen", "Pay\u00adpal": "not seen", "\u202elapyaP": "not seen", "\u2066Pay\u2069": "not seen", "Pay\ufeff": "not seen",
		"Pay\u2028pal": "not seen", "Pay\u3164": "not seen", "\u2800": "not seen", "Pay\u00a0pal": "not seen", "Pay\u2003pal": "not seen", "Pay\ue000": "not seen", "Pay\U000e0041": "not seen", "\u200d": "not seen",
		"𝐏𝐚𝐲𝐩𝐚𝐥": "dress", "Ⓟaypal": "dress", "ℙay": "dress", "🅿aypal": "dress", "Pa" + strings.Repeat("\u0301", 5) + "y": "accents", "\ufffd": "not seen",
	} {
		err := CheckLabel("a name", bad, 100)
		if err == nil || !strings.Contains(err.Error(), says) || CodeOf(err) != CodeFieldInvalid {
			t.Errorf("%q: %v, want %q", bad, err, says)
		}
	}
}

func TestTitlesThatReadOtherwise(t *testing.T) {
	for text, want := range map[string]bool{
		"What is an API?": false, "Что такое API?": false, "می\u200cخواهم": false, "👩\u200d🚀 in space": false, "Donau\u00addampf": false, "a\u00a0b": false, "two\nlines": false,
		"free\u202eelif": true, "a\u200bb": true, "\u2066x\u2069": true, "a\ufeff": true, "bell\a": true, "x\U000e0041": true,
	} {
		if Hides(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

func FuzzCheckLabel(f *testing.F) {
	f.Add("The Daily Harbour")
	f.Add("P\u0430ypal")
	f.Fuzz(func(t *testing.T, text string) {
		if CheckLabel("a name", text, 100) == nil && (!utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\u202e\u200b")) {
			t.Errorf("%q was accepted", text)
		}
	})
}
