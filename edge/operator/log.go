package operator

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// logPart is what the page of the log shows.
type logPart struct {
	Actions                  []option
	Actor, Subject, From, To string // what was looked for
	Lines                    []actLine
	Older, Newest            string // links, with what was looked for in them
}

// actLine is a line of the staff's log.
type actLine struct {
	At     time.Time
	Actor  string
	Detail string
	On     string
}

// log lists the lines that the query picks: of an actor, an action, a subject, from a day on until
// another has ended, UTC.
func (h *Handler) log(v visit) error {
	query := v.r.URL.Query()
	get := func(name string) string { return strings.TrimSpace(query.Get(name)) }
	part := logPart{Actor: get("actor"), Subject: get("subject"), From: get("from"), To: get("to")}
	for _, action := range staff.Actions() {
		part.Actions = append(part.Actions, option{action, strings.ReplaceAll(action, "_", " "), action == get("action")})
	}
	search := staff.Search{Actor: part.Actor, Action: get("action"), Subject: part.Subject}
	f := frame{Tab: "log"}
	err := days(&search, part.From, part.To)
	if err == nil {
		var found []staff.Line
		var next string
		found, next, err = h.app.StaffLog(v.r.Context(), v.by, search, get("before"), pageSize)
		part.Lines = actLines(found)
		link := func(before string) string {
			kept := url.Values{}
			for _, name := range []string{"actor", "action", "subject", "from", "to"} {
				if value := get(name); value != "" {
					kept.Set(name, value)
				}
			}
			if before != "" {
				kept.Set("before", before)
			}
			return "/operator/log?" + kept.Encode()
		}
		if next != "" {
			part.Older = link(next)
		}
		if get("before") != "" {
			part.Newest = link("")
		}
	}
	status := http.StatusOK
	if err != nil {
		if token.CodeOf(err) != token.CodeMalformed {
			return err
		}
		f.Refusal, _ = web.Explain(v.r, err)
		status = web.StatusOf(err)
	}
	f.Part = part
	return h.show(v, status, "log.html", "Staff log", f)
}

// days reads the days from and to which lines are looked for.
func days(search *staff.Search, from, to string) error {
	for _, day := range []struct {
		text string
		more time.Duration
		into *int64
	}{{from, 0, &search.From}, {to, 24 * time.Hour, &search.To}} {
		if day.text == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, day.text)
		if err != nil {
			return token.Refuse(token.Malformed, "malformed.day", token.Given("got", day.text))
		}
		*day.into = at.Add(day.more).UnixMilli()
	}
	return nil
}

func actLines(acts []staff.Line) []actLine {
	lines := make([]actLine, 0, len(acts))
	for _, act := range acts {
		actor := act.Actor
		if actor == staff.ByCommand {
			actor = "a command on the server"
		}
		lines = append(lines, actLine{time.UnixMilli(act.At), actor, web.Sentence(act.Detail), act.Subject})
	}
	return lines
}
