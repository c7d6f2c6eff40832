package api

import (
	"net/http"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// Shapes are the levels' signs, for eyes that do not tell colours apart.
var Shapes = [level.Count]string{"○", "◔", "◑", "◕", "●"}

// LevelDoc is the answer to "what is the level".
type LevelDoc struct {
	At     time.Time `json:"at"`
	Number int       `json:"number"`
	Shape  string    `json:"shape"`
	level.State
	// Revision is that of what is controlled by hand: it rises when somebody
	// changes anything, and with a reload. A change sent with the revision that was
	// seen is refused if somebody else was quicker.
	Revision uint64 `json:"revision"`
	// Paused is a pause of the playbook, Shadow that all of it is in shadow.
	Paused *playbook.Pause `json:"paused,omitempty"`
	Shadow bool            `json:"shadow,omitempty"`
	// Audit says that what happens is being recorded; otherwise AuditError says
	// why it is not. AuditLost is how many entries were lost since the start.
	Audit      bool   `json:"audit"`
	AuditError string `json:"audit_error,omitempty"`
	AuditLost  uint64 `json:"audit_lost,omitempty"`
	// Fleet is what the other gateways say, missing without a fleet.
	Fleet *FleetDoc `json:"fleet,omitempty"`
}

func showLevel(c *call) error {
	now := c.Now()
	return c.send(http.StatusOK, c.levelDoc(now, c.Daero.Control().State(now)))
}

func (a *API) levelDoc(now time.Time, st daero.ControlState) LevelDoc {
	doc := LevelDoc{
		At: st.At, Number: int(st.Level.Level), State: st.Level, Revision: st.Revision, Paused: st.Paused, Shadow: st.Shadow,
	}
	if doc.Number < len(Shapes) {
		doc.Shape = Shapes[doc.Number]
	}
	h, kept := a.Health()
	if st, ok := a.Fleet(now); ok {
		doc.Fleet = fleetDoc(st)
		doc.Fleet.Raises = doc.Fleet.Raises && !doc.Pinned // a person's pin holds
	}
	doc.Audit, doc.AuditError, doc.AuditLost = kept && h.Error == "", h.Error, h.Lost
	return doc
}

// pinDoc is what a pin is asked for with.
type pinDoc struct {
	Level *word `json:"level"`
	lasting
}

// pin checks what was sent.
func (d pinDoc) pin(now time.Time, who string) (level.Pin, error) {
	if d.Level == nil {
		return level.Pin{}, bad(`which "level"?`)
	}
	reason, err := d.why()
	if err != nil {
		return level.Pin{}, err
	}
	until, err := d.end(now)
	if err != nil {
		return level.Pin{}, err
	}
	p := level.Pin{Level: d.Level.Level, Until: until, By: who, Reason: reason}
	if err := p.Validate(now); err != nil {
		return level.Pin{}, invalid(err)
	}
	return p, nil
}

func pinLevel(c *call) error {
	var d pinDoc
	if err := c.read(&d); err != nil {
		return err
	}
	now := c.Now()
	p, err := d.pin(now, c.who)
	if err != nil {
		return err
	}
	done, err := c.change(now, daero.Change{Held: daero.Held{What: daero.HoldsLevel}, Set: daero.Value{Pin: p}}, d.hand, p.Reason)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, struct {
		Pin level.Pin `json:"pin"`
		ChangedDoc
	}{p, done})
}

func unpinLevel(c *call) error { return c.release(daero.Held{What: daero.HoldsLevel}) }
