// Command daero is a gateway that gives each kind of request its own lane.
package main

import (
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/daero/daero/gateway"
)

func main() { gateway.Main() }
