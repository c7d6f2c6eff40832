// Package targetpb is generated from target.proto, which a service implements
// that messages are delivered to.
package targetpb

//go:generate ./generate.sh
