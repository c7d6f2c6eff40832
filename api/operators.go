package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
)

// OperatorsDoc lists who has a token.
type OperatorsDoc struct {
	Operators []store.Operator `json:"operators"`
}

// AddedDoc is an operator who was added, with the token, which nobody can be
// told again.
type AddedDoc struct {
	store.Operator
	Token string `json:"token"`
}

func listOperators(c *call) error {
	all, err := c.Operators.Operators(c.r.Context())
	if err != nil {
		return err
	}
	if all == nil {
		all = []store.Operator{}
	}
	return c.send(http.StatusOK, OperatorsDoc{all})
}

func addOperator(c *call) error {
	var d struct {
		Name string `json:"name"`
		Role string `json:"role"`
		// Password lets the operator log in to the console by name.
		Password string `json:"password,omitempty"`
		Reason   string `json:"reason,omitempty"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	why, err := order{Reason: d.Reason}.whyIfGiven()
	if err != nil {
		return err
	}
	role, err := store.ParseRole(clip(d.Role))
	if err := errors.Join(store.CheckName(d.Name), err); err != nil {
		return bad(err.Error())
	}
	text, cred := c.credential(d.Name, role)
	if d.Password != "" {
		if err := c.accounts(); err != nil {
			return err
		}
		if err := token.CheckPassword(d.Name, d.Password); err != nil {
			return invalid(err)
		}
		if cred.PasswordHash, err = c.hash(d.Password); err != nil {
			return err
		}
		cred.Password = true
	}
	if err := c.Operators.AddOperator(c.r.Context(), cred); err != nil {
		return err
	}
	c.record(audit.OperatorAdded, cred.Name, string(cred.Role), why)
	return c.send(http.StatusCreated, AddedDoc{cred.Operator, text})
}

// credential makes a token for an operator to be added.
func (c *call) credential(name string, role store.Role) (text string, cred store.Credential) {
	text, id, hash := token.New()
	return text, store.Credential{Operator: store.Operator{Name: name, Role: role, Created: c.Now()}, ID: id, Hash: hash}
}

// operatorEnd is what the removal of an operator is asked for with.
type operatorEnd struct {
	Reason string `json:"reason,omitempty"`
	// Created, of the list that was read, makes sure that it is still the same
	// person's: a name may have been given to somebody else since.
	Created *time.Time `json:"created,omitempty"`
}

// removeOperator has no way back: the token is gone, and so are the sessions. Who
// was removed by mistake is added anew, with another token.
func removeOperator(c *call) error {
	var d operatorEnd
	if c.r.ContentLength != 0 { // programs may leave it away
		if err := c.read(&d); err != nil {
			return err
		}
	}
	why, err := order{Reason: d.Reason}.whyIfGiven()
	if err != nil {
		return err
	}
	c.Deeds.operators.Lock() // of two admins who remove each other one stays
	defer c.Deeds.operators.Unlock()
	name, ctx := c.r.PathValue("name"), c.r.Context()
	all, err := c.Operators.Operators(ctx)
	if err != nil {
		return err
	}
	admins, is := 0, false
	for _, o := range all {
		if o.Role == store.Admin {
			admins++
			is = is || o.Name == name
		}
		if o.Name == name && d.Created != nil && !d.Created.Equal(o.Created) {
			p := changedBy(0, nil)
			p.Detail, p.More = "this is another operator of that name, added meanwhile: look again", map[string]any{"what": audit.OperatorAdded, "target": name, "at": o.Created.UTC()}
			return p
		}
	}
	if is && admins == 1 && !c.Local {
		return conflict("last-admin", "This is the last admin", `add another first, or use "daero operator remove" on the machine itself`)
	}
	if err := c.Operators.RemoveOperator(ctx, name, c.Now()); err != nil {
		return err
	}
	c.record(audit.OperatorRemoved, name, "", why)
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// receiveAlerts hands alerts to whoever takes them in by the name.
func receiveAlerts(c *call) error {
	h := c.Receiver(c.r.PathValue("name"))
	if h == nil {
		return notFound("no signal takes in alerts by this name")
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxAlerts)
	h.ServeHTTP(c.w, c.r)
	return nil
}
