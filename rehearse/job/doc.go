// Package job holds rehearsals beside a gateway that people depend on: each as
// a process of its own that lets others go first, one at a time, ended with the
// gateway. It keeps what they found. It knows neither how a rehearsal is held,
// nor HTTP, nor Caddy: it starts a program, reads its progress and its report,
// and believes neither without looking.
package job
