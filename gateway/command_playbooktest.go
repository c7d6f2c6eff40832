package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daero/daero/playbook/playtest"
)

var _ = addPlaybook(playbookTestCommand)

// testSuffix is how files of tests end, where a directory is given.
const testSuffix = "_test.yaml"

func playbookTestCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "test FILE|DIRECTORY... [--config FILE] [--adapter NAME] [--story] [--output text|json]",
		Short: "Tests levels and a playbook: readings over time in, levels and actions out",
		Long: `Plays files of tests against the levels and the playbook of a configuration, in
virtual time: ten minutes take milliseconds. Nothing runs and nobody is told.

A file says which configuration it tests ("playbook: levels.caddyfile", relative
to itself); --config overrides that. A directory stands for every *` + testSuffix + ` in and
below it. --story prints all that happened. Exits with 1 if something was not as
expected, with 2 if a file or a configuration cannot be used.`,
		Args: cobra.ArbitraryArgs, // counted below, for the exit status
	}
	f := c.Flags()
	f.StringP("config", "c", "", "configuration to test, whatever the files say")
	f.StringP("adapter", "a", "", "name of the adapter of the configuration")
	f.Bool("story", false, "print all that happened in each test")
	f.String("output", "text", "text or json")
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return finish(c, usageError{err.Error()}) })
	c.RunE = func(c *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(contextOf(c), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return finish(c, testPlaybooks(ctx, c, args))
	}
	return c
}

// playbookTests is one call of the command.
type playbookTests struct {
	config, adapter string
	story, json     bool
	out             io.Writer
}

// testPlaybooks plays the files that args name.
func testPlaybooks(ctx context.Context, c *cobra.Command, args []string) error {
	p := playbookTests{out: c.OutOrStdout()}
	f := c.Flags()
	p.config, _ = f.GetString("config") // they are declared above
	p.adapter, _ = f.GetString("adapter")
	p.story, _ = f.GetBool("story")
	output, _ := f.GetString("output")
	if p.json = output == "json"; !p.json && output != "text" {
		return wrongUse("--output %s: unknown word%s", output, didYouMean(output, []string{"text", "json"}))
	}
	files, err := testFiles(args)
	if err != nil {
		return usageError{err.Error()}
	}
	report := testReport{Passed: true}
	unusable := false
	for _, name := range files {
		tested := p.file(ctx, name)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		report.add(tested)
		unusable = unusable || tested.err != nil
		if !p.json {
			p.text(tested)
		}
	}
	if p.json {
		if err := report.write(p.out); err != nil {
			return err
		}
	}
	switch {
	case unusable:
		return wrongUse("a file or its configuration cannot be used")
	case !report.Passed:
		return fmt.Errorf("%d of %d tests failed", report.Failed, report.Tests)
	}
	return nil
}

// testFiles returns the files that args name, directories searched.
func testFiles(args []string) (files []string, err error) {
	if len(args) == 0 {
		return nil, errors.New("give a file of tests, like: daero playbook test levels" + testSuffix)
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(arg, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(name, testSuffix) {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s: no *%s in it", arg, testSuffix)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// file plays the tests of one file.
func (p *playbookTests) file(ctx context.Context, name string) (t testedFile) {
	begin := time.Now()
	t.Name = name
	defer func() { t.Seconds = time.Since(begin).Seconds() }()
	t.err = func() error {
		file, err := readTests(name)
		if err != nil {
			return err
		}
		t.Config = p.config
		if t.Config == "" && file.Playbook == "" {
			return fmt.Errorf("%s: names no configuration: add \"playbook: Caddyfile\", or give --config", name)
		} else if t.Config == "" {
			t.Config = filepath.Join(filepath.Dir(name), filepath.FromSlash(file.Playbook))
			if filepath.IsAbs(file.Playbook) {
				t.Config = file.Playbook
			}
		}
		levels, book, err := draftIn(t.Config, p.adapter)
		if err != nil {
			return err
		}
		for _, test := range file.Tests {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			begin := time.Now()
			res := playtest.Run(levels, book, test)
			t.Tests = append(t.Tests, testedOne{res, time.Since(begin)})
		}
		return nil
	}()
	if t.err != nil {
		t.Error = t.err.Error()
	}
	return t
}

// readTests reads a file of tests, no more of it than may be in it.
func readTests(name string) (*playtest.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, playtest.MaxFile+1))
	if err != nil {
		return nil, err
	}
	return playtest.Parse(name, data)
}
