// Package gate stands in front of lanes: it asks whoever a playbook challenges
// whether a person is there, and gives who passes a clearance for a time.
//
// It is a site of the captcha's like any other, whose page is its own. It meets
// the interface Challenger of package daero without knowing it, and knows lanes
// by name alone.
//
// # The way
//
//	request without a clearance → 403: a page for a browser, a problem document for
//	    a program, with an ask in it
//	token of the captcha + ask → POST /daero/captcha/clear → a clearance
//	request with the clearance → on to the lane
//
// An ask says who was asked: it is made from the request that was challenged,
// where the lane knows its user, and cannot be made by anybody else. A clearance
// is bound to the same caller, which is the user's key where the lane knows one
// and else the /24 or /48 of the address, and to the host. It is good for as many
// requests as its caller makes in its time, each of which the lane may still
// refuse. For thirty days after that it shows that the device is known.
//
// Browsers hold it in a cookie, which is the only one that the captcha sets:
// without it every request would be asked again.
package gate
