package spool

// Datasync is what the spool syncs by.
var Datasync = datasync
