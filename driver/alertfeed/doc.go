// Package alertfeed listens to public warnings: earthquakes, storms, whatever
// a CAP hub, the USGS, P2PQuake or KMA's PEWS tell.
//
// A warning never sheds anything by itself. It arms: an outside signal whose
// [level.Reading] says until when to expect trouble, and what about. A feed
// that is not heard arms nothing and says why.
//
// Only the configured address is contacted, and of a CAP hub documents on the
// same host; the addresses of presets are used when one is named. Messages are
// not signed by all of these feeds: what authenticates them is the feed's TLS.
//
// How messages are read is in package format, and what they do in package
// alert; this package is the thin shell that fetches them.
package alertfeed
