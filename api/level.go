package api

import (
	"fmt"
	"net/http"
	"time"

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
	st := c.Daero.Control().State(c.Now())
	doc := LevelDoc{
		At: st.At, Number: int(st.Level.Level), State: st.Level, Paused: st.Paused, Shadow: st.Shadow,
	}
	if doc.Number < len(Shapes) {
		doc.Shape = Shapes[doc.Number]
	}
	h, kept := c.Health()
	if st, ok := c.Fleet(c.Now()); ok {
		doc.Fleet = fleetDoc(st)
		doc.Fleet.Raises = doc.Fleet.Raises && !doc.Pinned // a person's pin holds
	}
	doc.Audit, doc.AuditError, doc.AuditLost = kept && h.Error == "", h.Error, h.Lost
	return c.send(http.StatusOK, doc)
}

// pinDoc is what a pin is asked for with.
type pinDoc struct {
	Level *word `json:"level"`
	order
	Confirm bool `json:"confirm,omitempty"`
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
	effect := c.effect(p.Level)
	if effect.Share > confirmAbove && !d.Confirm {
		return problem{
			Status: http.StatusConflict, Kind: "confirm", Title: "This needs to be confirmed",
			Detail: fmt.Sprintf("pinned to %s the playbook refuses about %.0f%% of all requests: send \"confirm\": true if that is meant", p.Level, effect.Share*100),
			More:   map[string]any{"predicted": effect},
		}
	}
	if err := c.Daero.Control().Pin(now, p); err != nil {
		return invalid(err)
	}
	return c.send(http.StatusOK, map[string]any{"pin": p, "predicted": effect})
}

func unpinLevel(c *call) error {
	reason, err := c.reason()
	if err != nil {
		return err
	}
	if !c.Daero.Control().Unpin(c.Now(), c.who, reason) {
		return conflict("not-pinned", "Nothing is pinned", "the level is what is measured")
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
