// Package arch holds no code: its tests hold the shape of the module.
//
// They read the import graph and the syntax of the other packages and fail
// with the reason of the rule that was broken. A new package fails until it
// has a row in the table of layers, so that its place is decided and not
// found out later.
package arch
