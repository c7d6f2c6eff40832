package spool

// Datasync is what the spool syncs by.
var Datasync = datasync

// Header is that of a segment in a format.
func Header(v uint32) []byte { return appendHeader(nil, v, 1) }
