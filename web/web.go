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

// WidgetFiles are those of the captcha's widget: the script of pages, then what
// its frame loads. The frame has a script for each language.
var WidgetFiles = []string{"api.js", "frame.ko.js", "frame.en.js", "worker.js", "frame.css"}

// Widget returns the files of the captcha's widget. ok is false where they were
// not built.
func Widget() (files fs.FS, ok bool) { return part(dist, WidgetFiles...) }

// Console returns the files of the console. ok is false where they were not
// built.
func Console() (files fs.FS, ok bool) {
	files, err := fs.Sub(dist, "dist/console")
	if err != nil {
		return nil, false
	}
	_, err = fs.Stat(files, "index.html")
	return files, err == nil
}

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
