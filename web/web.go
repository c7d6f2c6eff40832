// Package web carries what runs in browsers: TypeScript, built by `make web` and
// embedded. The built files are not committed; a program built without them works
// and says what is missing.
package web

import (
	"embed"
	"io/fs"
)

// dist has a placeholder, without which a fresh clone would not compile.
//
//go:embed all:dist
var dist embed.FS

// Missing is the cure where files were not built.
const Missing = "this program was built without its browser files: run `make web` (it needs Node.js 20 or later, with npm), then build again"

// Widget returns the files of the captcha's widget: api.js, frame.js, worker.js
// and frame.css. ok is false where they were not built.
func Widget() (files fs.FS, ok bool) { return part(dist, "api.js", "frame.js", "worker.js", "frame.css") }

func part(built fs.FS, names ...string) (fs.FS, bool) {
	files, err := fs.Sub(built, "dist/widget")
	if err != nil {
		return nil, false
	}
	for _, name := range names {
		if _, err := fs.Stat(files, name); err != nil {
			return nil, false
		}
	}
	return files, true
}
