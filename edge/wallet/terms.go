package wallet

import (
	"time"

	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/edge/web"
)

// terms says in words what a purchase gives.
func terms(t entitlement.Terms) []string {
	var out []string
	if t.Times > 0 {
		out = append(out, web.Count(t.Times, "view", "views"))
	}
	if t.Hours > 0 {
		out = append(out, web.Count(t.Hours, "hour", "hours")+" from the first view")
	}
	if t.Days > 0 {
		out = append(out, web.Count(t.Days, "day", "days")+" from today")
	}
	if t.Expiry > 0 {
		out = append(out, "until "+time.UnixMilli(t.Expiry).UTC().Format("2 January 2006, 15:04"))
	}
	if len(out) == 0 {
		out = append(out, "yours to keep")
	}
	return out
}
