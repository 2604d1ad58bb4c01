package account

import "testing"

func TestPasswordsThatAreTriedFirst(t *testing.T) {
	context := []string{"ada.lovelace@readers.example", "Ada Lovelace", "Harbour Pay", "pay.harbour.example"}
	for _, bad := range []string{
		"password", "Password", "PASSWORD1", "p4ssw0rd", "Passw0rd!", "password2024", "123password", "dragon2024!", "Liverpool1", "monkeymonkey", "football!!",
		"12345678", "87654321", "123456789012", "qwertyuiop", "poiuytrewq", "asdfghjkl", "abcdefgh", "abcd1234", "1q2w3e4r", "1qaz2wsx", "qwerty123", "qwertz1234",
		"jennifer", "Michelle1", "q1w2e3r4t5", "789456123", "Benjamin2024",
		"aaaaaaaa", "abababab", "abcabcabc", "11112222", "iloveyou", "sunshine1", "trustno1", "letmein123", "welcome1", "changeme", "starwars99",
		"ada.lovelace@readers.example", "lovelace", "Lovelace1815", "adalovelace", "harbourpay", "HarbourPay1", "ada-readers", "h4rbour!1", "AdaLovelace2024",
	} {
		if CheckPassword(bad, context...) == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	for _, good := range []string{
		"a horse and its battery", "correct horse battery", "Tr0ub4dor&3", "lovelace invented programs", "harbour lights at dusk", "k7#pQ2vX", "zxq9fjw2", "пароль без правил",
		"grün ist die Hoffnung", "   spaces are fine   ", "dragon eats lemon tart", "8431-2290-7716-04", "wvbhtzqk", "密码很长很长很长的",
	} {
		if err := CheckPassword(good, context...); err != nil {
			t.Errorf("%q was refused: %v", good, err)
		}
	}
	long := 0 // as long as passwords must be here
	for word := range commonWords() {
		if len(word) >= MinPassword {
			long++
		}
	}
	if n := len(commonWords()); n < 5000 || long < 3000 || len(commonText) > 96<<10 {
		t.Errorf("%d words, %d of them long enough, in %d bytes", n, long, len(commonText))
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("password", "ada")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, password, context string) {
		_ = CheckPassword(password, context)
	})
}
