package gateway

import "github.com/daero/daero/rehearse/job"

// Rehearsals returns who holds them beside the gateway of this process.
func Rehearsals() *job.Host { return current.Load().rehearsals }
