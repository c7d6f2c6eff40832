package api

import (
	"github.com/daero/daero/level"
	"github.com/daero/daero/relay/fleetlog"
)

// FleetDoc is what a gateway knows of the others, and what it does for them.
type FleetDoc struct {
	// Raises says that it acts on Raised, which is above Own, what it measures.
	Raises bool        `json:"raises"`
	Raised level.Level `json:"raised"`
	Own    level.Level `json:"own"`
	// Majority is the load that a majority measures now, 0 to 5.
	Majority float64 `json:"majority"`
	// Alone says that no other gateway is heard.
	Alone bool `json:"alone"`
	// Heard is how many others count, Silent how many did lately, Differ how many
	// run another build or configuration.
	Heard   int              `json:"heard"`
	Silent  int              `json:"silent"`
	Differ  int              `json:"differ"`
	Members []FleetMemberDoc `json:"members"` // by name, without this one
	// Error is what is wrong with the log that they share.
	Error string `json:"error,omitempty"`
}

// FleetMemberDoc is another gateway.
type FleetMemberDoc struct {
	Node     string      `json:"node"`
	Acting   level.Level `json:"acting"`   // what it measures itself
	Pressure float64     `json:"pressure"` // how far it is inside that, 0 to 1
	Weight   float64     `json:"weight"`   // requests per second
	Age      float64     `json:"age_seconds"`
	Heard    bool        `json:"heard"`
	// Behind is how far its clock is behind this one's; below 0 it is ahead.
	Behind float64 `json:"behind_seconds"`
}

func fleetDoc(st fleetlog.State) *FleetDoc {
	doc := &FleetDoc{
		Raises: st.Raises(), Raised: st.Raised, Own: st.Own, Majority: st.Majority, Alone: st.Heard == 0,
		Heard: st.Heard, Silent: st.Silent, Differ: st.Differ, Members: make([]FleetMemberDoc, 0, len(st.Members)), Error: st.Error,
	}
	for i := range st.Members {
		m := &st.Members[i]
		doc.Members = append(doc.Members, FleetMemberDoc{
			Node: m.Node, Acting: m.Acting, Pressure: m.Pressure, Weight: m.Weight, Age: m.Age.Seconds(), Heard: m.Fresh, Behind: m.Behind.Seconds(),
		})
	}
	return doc
}
