package login

import (
	"time"

	"farthing.dev/farthing/app/pace"
)

// How often may be tried what strangers try. Who tries is held to it, by network, or by
// browser where the owner has logged in there before; whom somebody tries is only slowed
// down, and always has a way in that strangers cannot close: see docs/decisions/0020.
var (
	paceNetwork = pace.Every(2*time.Second, 100) // of each kind from one network, at whatever account
	paceHere    = pace.Every(time.Minute, 10)    // passwords of one account, from one network
	paceAccount = pace.Every(time.Minute, 50)    // passwords of one account, from all networks together
	paceFew     = pace.Every(10*time.Minute, 3)  // the same from one network, where that is used up and no code can be sent instead
	paceKnown   = pace.Every(time.Minute, 10)    // passwords of one account, in a browser that knows it
	paceSecond  = pace.Every(5*time.Minute, 10)  // second factors of one account, by what came before

	paceLettersHere = pace.Every(5*time.Minute, 5)  // letters to one address, asked for from one network or a known browser
	paceLettersFrom = pace.Every(5*time.Second, 60) // letters that one network asks for
	paceLetters     = pace.Every(3*time.Minute, 10) // letters of one kind to one address
	paceCrowded     = pace.Every(letterWindow, 2)   // letters beyond, in each window, which all say the same
	paceShared      = pace.Every(2*letterWindow, 1) // uses of what they say
)
