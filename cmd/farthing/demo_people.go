package main

// demoPerson is somebody in the demo.
type demoPerson struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	About string `json:"about"`
	Shop  string `json:"shop,omitempty"` // the shop that this person works for
}

// demoPassword opens every login of the demo.
const demoPassword = "small-change-42"

// demoPeople are the people. They and all that happens to them are the same in every demo.
func demoPeople() []demoPerson {
	return []demoPerson{
		{Email: "ada@readers.example", Name: "Ada Lindqvist", About: "reader, with a limit of 5 USD a day"},
		{Email: "ben@readers.example", Name: "Ben Okafor", About: "reader, with an allowance for Plain Answers"},
		{Email: "mara@gazette.example", Name: "Mara Ellingsen", About: "staff of The Harbour Gazette", Shop: gazette},
		{Email: "noor@lowtide.example", Name: "Noor Haddad", About: "staff of Low Tide Records", Shop: records},
		{Email: "pete@answers.example", Name: "Pete Vance", About: "staff of Plain Answers", Shop: market},
	}
}
