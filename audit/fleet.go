package audit

// What can happen where several gateways share a level.
const (
	// FleetRaised: others measure more than this gateway, which now acts on it.
	FleetRaised = "fleet.raised"
	// FleetEased: this gateway acts on less of it, or on its own level again.
	FleetEased = "fleet.eased"
	// FleetAlone: no other gateway is heard any more; FleetHeard: one is again.
	FleetAlone = "fleet.alone"
	FleetHeard = "fleet.heard"
	// FleetTwin: another gateway has this one's name.
	FleetTwin = "fleet.twin"
)
