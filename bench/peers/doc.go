// Package peers plays daero's storms against other admission controls and
// writes what came of it into RESULTS.md:
//
//	go -C bench/peers test -run '^TestPeers$' -count=1 -timeout 30m -v . -update
//
// With -seeds 3 it takes three times as long and tells the medians.
//
// Two arms. In virtual time every contender meets the scenarios of
// rehearse/virtual, as a library in one process. In real time HAProxy, plain
// Caddy and daero stand in front of the same messenger, as processes that
// speak HTTP over loopback.
//
// It is a module of its own, so that the product does not depend on its peers.
// It does not know how the peers do on other storms than daero's own.
package peers
