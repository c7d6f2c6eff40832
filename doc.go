// Package daero puts lanes in front of a service without Caddy: a set of lanes
// per backend, the admission of HTTP requests to them, and the refusals that
// say when to come back.
//
//	d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: map[string]lane.Config{
//		"default": {Lanes: []lane.LaneConfig{
//			{Name: "message", Tier: lane.Critical},
//			{Name: "login", Tier: lane.Sheddable},
//		}},
//	}}})
//	http.ListenAndServe(":8080", d.Handler(service, daero.HandlerConfig{
//		Classify: func(r *http.Request) daero.Class { … },
//	}))
//
// It knows net/http, and neither Caddy nor any store. Package gateway does the
// same as a Caddy handler with this package's [Admission].
package daero
