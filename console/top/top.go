package top

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/daero/daero/api"
)

// Config describes a run. Ask is required.
type Config struct {
	// Ask returns the document as it is now.
	Ask  func(context.Context) (*api.NowDoc, error)
	Lang Lang
	// Zone is that of the times shown. Default: the machine's.
	Zone *time.Location
	// Every is how often it is asked. Default a second.
	Every time.Duration
}

// askWithin bounds one question, so that a gateway that hangs shows as gone.
const askWithin = 4 * time.Second

// Run shows the screen until the person ends it or ctx ends.
func Run(ctx context.Context, cfg Config, options ...tea.ProgramOption) error {
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Every == 0 {
		cfg.Every = time.Second
	}
	p := tea.NewProgram(newModel(ctx, cfg), options...)
	// Not tea.WithContext: a program that is killed does not wait for its reader
	// before it closes what that reads from.
	defer context.AfterFunc(ctx, p.Quit)()
	_, err := p.Run()
	if ctx.Err() != nil {
		return nil // it was asked to end
	}
	return err
}

// model is the screen with what it was told last.
type model struct {
	ctx  context.Context
	cfg  Config
	s    Screen
	doc  *api.NowDoc
	at   time.Time // when doc came
	now  time.Time
	gone error
}

type (
	answered struct {
		doc *api.NowDoc
		err error
		at  time.Time
	}
	ticked time.Time
)

func newModel(ctx context.Context, cfg Config) *model {
	return &model{ctx: ctx, cfg: cfg, s: Screen{Width: 80, Height: 24, Lang: cfg.Lang, Zone: cfg.Zone}}
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return tea.Batch(m.ask, m.tick()) }

func (m *model) ask() tea.Msg {
	ctx, cancel := context.WithTimeout(m.ctx, askWithin)
	defer cancel()
	doc, err := m.cfg.Ask(ctx)
	return answered{doc, err, time.Now()}
}

func (m *model) tick() tea.Cmd {
	return tea.Tick(m.cfg.Every, func(t time.Time) tea.Msg { return ticked(t) })
}

// Update implements tea.Model. One question is under way at a time: the answer
// asks for the next one.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.s.Width, m.s.Height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		return m, m.key(msg.String())
	case ticked:
		m.now = time.Time(msg)
		return m, m.tick()
	case answered:
		m.now, m.gone = msg.at, msg.err
		if msg.err == nil {
			m.heard(msg.doc, msg.at)
		}
		return m, tea.Tick(m.cfg.Every, func(time.Time) tea.Msg { return m.ask() })
	}
	return m, nil
}

// keep bounds the line of what came lately: two minutes.
const keep = 120

func (m *model) heard(doc *api.NowDoc, at time.Time) {
	m.doc, m.at = doc, at
	m.s.Came = append(m.s.Came, doc.Totals.Came())
	m.s.Came = m.s.Came[max(len(m.s.Came)-keep, 0):]
}

func (m *model) key(key string) tea.Cmd {
	switch key {
	case "q", "esc", "ctrl+c":
		return tea.Quit
	case "l":
		m.s.Lang = 1 - m.s.Lang
	case "u":
		if m.s.Zone == time.UTC {
			m.s.Zone = m.cfg.Zone
		} else {
			m.s.Zone = time.UTC
		}
	case "up", "k":
		m.s.Skip = max(m.s.Skip-1, 0)
	case "down", "j":
		if m.doc != nil {
			m.s.Skip = min(m.s.Skip+1, max(len(m.doc.Lanes)-1, 0))
		}
	}
	return nil
}

// View implements tea.Model.
func (m *model) View() tea.View {
	v := tea.NewView(m.screen().Draw(m.doc))
	v.AltScreen = true
	v.WindowTitle = "daero"
	return v
}

// screen is how it is drawn now.
func (m *model) screen() Screen {
	s := m.s
	if m.doc != nil {
		s.Age = max(m.now.Sub(m.at), 0)
	}
	if m.gone != nil {
		s.Gone = m.gone.Error()
	}
	return s
}
