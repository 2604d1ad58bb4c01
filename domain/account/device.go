package account

import "strings"

// Device says in a few words what a User-Agent header says at length: the browser and
// the system, as people call them, for the owner of a session to know it by.
func Device(userAgent string) string {
	browser, system := firstOf(userAgent, browsers[:]), firstOf(userAgent, systems[:])
	switch {
	case browser == "" && system == "":
		return "An unknown browser"
	case system == "":
		return browser
	case browser == "":
		return "A browser on " + system
	}
	return browser + " on " + system
}

// sign is a word in the header, and what it stands for.
type sign struct{ word, name string }

// browsers are in the order in which they are looked for: most claim to be others, too.
var browsers = [...]sign{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"},
	{"Safari/", "Safari"}, {"curl/", "curl"},
}

var systems = [...]sign{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"}, {"Linux", "Linux"},
}

func firstOf(text string, signs []sign) string {
	for _, s := range signs {
		if strings.Contains(text, s.word) {
			return s.name
		}
	}
	return ""
}
