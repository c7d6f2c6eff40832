// Package gateway is all of daero that knows Caddy: the app "daero", the
// handlers "lanes", "daero_api" and "daero_relay", their Caddyfile, the metrics
// and the commands. What decides is in packages daero, lane and relay; this
// package translates.
package gateway
