package api

import (
	"net/http"
	"time"

	"github.com/daero/daero/api/session"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

// SessionsDoc lists sessions, the oldest first.
type SessionsDoc struct {
	Sessions []OneSessionDoc `json:"sessions"`
}

// OneSessionDoc is a browser that is logged in.
type OneSessionDoc struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Role     store.Role `json:"role"`
	Created  time.Time  `json:"created"`
	LastUsed time.Time  `json:"last_used"` // within a minute
	Expires  time.Time  `json:"expires"`   // unless it is used
	From     string     `json:"from"`
	Via      string     `json:"via"`
	Current  bool       `json:"current"` // the one that asks
}

// mine returns the sessions that who asks may see: all for an admin, else
// their own.
func (c *call) mine() ([]store.Session, error) {
	if c.Login == nil {
		return nil, nil
	}
	name := c.who
	if c.role == store.Admin {
		name = ""
	}
	all, err := c.Login.Known.Sessions(c.r.Context(), name, c.Now())
	if err != nil {
		return nil, err
	}
	live := all[:0]
	for i := range all {
		if session.Live(all[i], c.Now()) {
			live = append(live, all[i])
		}
	}
	return live, nil
}

func listSessions(c *call) error {
	all, err := c.mine()
	if err != nil {
		return err
	}
	doc := SessionsDoc{Sessions: []OneSessionDoc{}}
	for i := range all {
		s := &all[i]
		doc.Sessions = append(doc.Sessions, OneSessionDoc{
			ID: s.ID, Name: s.Name, Role: s.Role, Created: s.Created, LastUsed: s.LastUsed, Expires: session.Expires(*s),
			From: s.From, Via: s.Via, Current: c.session != nil && c.session.ID == s.ID,
		})
	}
	return c.send(http.StatusOK, doc)
}

// endSession ends one of those that who asks may see. That there are others is
// not said.
func endSession(c *call) error {
	id := c.r.PathValue("id")
	all, err := c.mine()
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].ID != id {
			continue
		}
		if err := c.Login.Known.EndSession(c.r.Context(), id); err != nil {
			return err
		}
		c.record(audit.SessionRevoked, all[i].Name, "", "logged in from "+all[i].From)
		if c.session != nil && c.session.ID == id {
			c.setCookie("", time.Time{})
		}
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return notFound("no such session, or not any more")
}
