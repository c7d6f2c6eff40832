// Package oidc lets people log in by accounts that are kept elsewhere, by OpenID
// Connect: the code flow with PKCE, a state and a nonce. It knows nothing of
// cookies and sessions; whoever calls it keeps the state of a login.
//
// The provider is first asked when somebody logs in, so a provider that is down
// keeps nothing else down.
package oidc
