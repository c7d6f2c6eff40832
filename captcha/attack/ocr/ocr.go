// Package ocr attacks questions whose answer is typed with optical character
// recognition as it is sold: tesseract, run as a program.
package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack"
)

// limit is how long one run of the program may take: half a second of a core, of
// which a busy machine makes more.
const limit = 10 * time.Minute

// languages are those that the program is told to expect.
const languages = "kor+eng"

// read runs tesseract over pictures, all in one go: loading its languages takes
// longer than reading. mode is its page segmentation mode.
func read(ctx context.Context, mode string, pics ...image.Image) ([]string, error) {
	dir, err := os.MkdirTemp("", "daero-ocr")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var list strings.Builder
	for i, p := range pics {
		at := filepath.Join(dir, fmt.Sprintf("%d.png", i))
		if err := save(at, p); err != nil {
			return nil, err
		}
		list.WriteString(at + "\n")
	}
	names := filepath.Join(dir, "list.txt")
	if err := os.WriteFile(names, []byte(list.String()), 0o600); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	cmd := exec.CommandContext(ctx, "tesseract", names, "-", "-l", languages, "--psm", mode)
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1") // its threads wait for each other at this size
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("tesseract: %w: %s", err, firstLine(said.String()))
	}
	pages := strings.Split(string(out), "\f")
	for len(pages) < len(pics) {
		pages = append(pages, "")
	}
	return pages[:len(pics)], nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

func save(at string, m image.Image) error {
	f, err := os.Create(at) //nolint:gosec // in a directory of our own
	if err != nil {
		return err
	}
	e := png.Encoder{CompressionLevel: png.NoCompression}
	return errors.Join(e.Encode(f, m), f.Close())
}

// prepared reports whether the program is there, with both languages.
func prepared(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "tesseract", "--list-langs").CombinedOutput()
	if err != nil {
		return fmt.Errorf("tesseract is %w: install tesseract-ocr and tesseract-ocr-kor", attack.ErrAbsent)
	}
	for _, l := range strings.Split(languages, "+") {
		if !strings.Contains("\n"+string(out)+"\n", "\n"+l+"\n") {
			return fmt.Errorf("tesseract's language %s is %w: install tesseract-ocr-%s", l, attack.ErrAbsent, l)
		}
	}
	return nil
}

// takes says which questions are for a reader of letters.
func takes(k captcha.Kind) bool { return captcha.ModeOf(k) == captcha.Text }
