package peers

import (
	"errors"

	"github.com/daero/daero/rehearse/virtual"
)

// Peer is an admission control as it is set up for the comparison.
type Peer struct {
	Name    string // as in the table; unique
	Module  string // path of the library's module; "" if it is not one
	Setting string // how it is set up, in words for the report
	Told    string // what it was given that daero was not; "" for nothing
	// Alone: the library keeps state in package variables, so that no two
	// plays with it may go on at once.
	Alone bool
	// Build is called within the play's bubble. done, if not nil, is called
	// after the play and ends what Build began.
	Build func(st *Stage) (c virtual.Contender, done func(), err error)
}

// Peers lists every contender of the virtual arm, in the order of the tables.
func Peers() []Peer {
	var all []Peer
	for _, group := range [][]Peer{
		ours(), nothing(), statics(), failsafes(), partitions(), sentinels(), aegises(), gozeros(),
	} {
		all = append(all, group...)
	}
	return all
}

// errFull is a refusal that does not say when to come back: none of the peers
// has such a time to give.
var errFull = errors.New("full")
