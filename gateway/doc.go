// Package gateway is all of daero that knows Caddy: the app "daero", the
// handler "lanes", their Caddyfile, the metrics and the commands. What decides
// is in packages daero and lane; this package translates.
package gateway
