// Package console serves the page that operators open: files that are embedded,
// and nothing else. What the page shows and does goes through the API. It is
// plain net/http.
package console
