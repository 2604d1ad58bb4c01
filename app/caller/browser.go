package caller

// Browser is the browser that somebody logs in with, as far as it can be told.
type Browser struct {
	Address string // the network that it calls from; "" where that is not known
	Known   string // what it was given at an earlier login; "" for none
	Attempt string // the secret of the login that is under way in it; "" for none
	Agent   string // what it calls itself; "" for no browser
}
