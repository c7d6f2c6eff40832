// Package sqlite keeps the audit record, operators, login links and the captcha's
// sites with what is counted about them in one file, and answers to deferred
// requests in another: those hold what users were told, which the record must
// not.
//
// Several processes may have the file open. The record is append-only: the
// file's own triggers refuse to change or to remove an entry, except by
// [Store.Prune], which leaves an entry that says so.
package sqlite
