package peers

import (
	"github.com/daero/daero/lane"
	"github.com/daero/daero/rehearse/virtual"
)

// daeroName is the contender that the others are compared with.
const daeroName = "daero"

// ours is daero with nothing configured but the order of the lanes.
func ours() []Peer {
	return []Peer{{
		Name:    daeroName,
		Module:  "github.com/daero/daero",
		Setting: "lanes `message` (critical) and `login` (sheddable); nothing else is configured",
		Build: func(*Stage) (virtual.Contender, func(), error) {
			l, err := virtual.NewLanes(lane.Config{})
			return l, nil, err
		},
	}}
}
