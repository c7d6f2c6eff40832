package web

import (
	"embed"
	"testing"
	"testing/fstest"
)

func TestAHalfBuiltWidgetIsNone(t *testing.T) {
	built := fstest.MapFS{"dist/.gitkeep": {}, "dist/widget/api.js": {Data: []byte("1")}}
	if _, ok := part(built, "api.js", "frame.js"); ok {
		t.Error("a widget without frame.js is taken for one")
	}
	if files, ok := part(built, "api.js"); !ok || files == nil {
		t.Error("a built widget is not found")
	}
	if _, ok := part(embed.FS{}, "api.js"); ok {
		t.Error("nothing is taken for a widget")
	}
}
