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
		if err := CheckLabel("person_name", good, 100); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for bad, says := range map[string]string{
		"": "empty", "  ": "empty", "\u3000": "empty", strings.Repeat("x", 101): "long", "two\nlines": "unprintable", "tab\there": "unprintable", "\xff": "unprintable",
		"P\u0430ypal": "scripts", "Аpple": "scripts", "The D\u03b1ily": "scripts", "Ρaris": "scripts", "\u13a1\u13a1 Bank": "scripts", "Аррӏе Store": "scripts", "Store Аррӏе": "scripts", "ΡΑΥ Bank": "scripts",
		"Яндексmusic Store": "scripts", "Музыка P\u0430ypal": "scripts", "ไทยราज": "scripts",
		"دار\u200cها": "unseen", "ها\u200c": "unseen", "ها\u200c ما": "unseen", "\u200cها": "unseen", "می\u200dخواهم": "unseen", "می\u200c\u200cخواهم": "unseen", "می\u200c7": "unseen", "Pay\u200cpal": "unseen", "Pay\u200dpal": "unseen",
		"ﻥ\u200cﻥ": "unseen", "ﺏ\u200cب": "unseen", "ب\u200cﺏ": "unseen", "ب\u200cۥ": "unseen", "ۥ\u200cب": "unseen", "\u0883\u200cب": "unseen", "ب\u200c\u0887": "unseen", "\u08c9\u200cب": "unseen", "\U0001ee01ب": "dressed",
		"क\u200dष": "unseen", "क्\u200d": "unseen", "क्\u200dx": "unseen", "👩\u200d🚀": "unseen",
		"Pay\u200bpal": "unseen", "Pay\u00adpal": "unseen", "\u202elapyaP": "unseen", "\u2066Pay\u2069": "unseen", "Pay\ufeff": "unseen",
		"Pay\u2028pal": "unseen", "Pay\u3164": "unseen", "\u2800": "unseen", "Pay\u00a0pal": "unseen", "Pay\u2003pal": "unseen", "Pay\ue000": "unseen", "Pay\U000e0041": "unseen", "\u200d": "unseen",
		"𝐏𝐚𝐲𝐩𝐚𝐥": "dressed", "Ⓟaypal": "dressed", "ℙay": "dressed", "🅿aypal": "dressed", "Pa" + strings.Repeat("\u0301", 5) + "y": "accents", "\ufffd": "unseen",
	} {
		err := CheckLabel("person_name", bad, 100)
		if err == nil || !strings.Contains(err.Error(), "field_invalid.label_"+says) || CodeOf(err) != CodeFieldInvalid {
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
		if CheckLabel("person_name", text, 100) == nil && (!utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\u202e\u200b")) {
			t.Errorf("%q was accepted", text)
		}
	})
}
