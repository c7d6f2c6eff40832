package gateway

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
)

// operatorLoginCommands are those about how operators log in.
func operatorLoginCommands() []*cobra.Command {
	link := talks(&cobra.Command{
		Use:   "link [NAME]",
		Short: "Prints a one-time link to the console, for NAME or a new admin",
	}, 0, 1, runLink)
	link.Flags().String("site", "", "URL of the site that serves the console; else found in the configuration")
	return []*cobra.Command{
		talks(&cobra.Command{Use: "password NAME", Short: "Gives an operator a password, typed or from stdin"}, 1, 1, runPassword),
		link,
		talks(&cobra.Command{Use: "sessions", Short: "Lists the browsers that are logged in"}, 0, 0, runSessions),
		talks(&cobra.Command{Use: "revoke ID|NAME", Short: "Logs a browser out, or all of an operator's"}, 1, 1, runRevoke),
	}
}

// maxTyped is more than any password has, in bytes.
const maxTyped = 4096

// typedPassword reads a password: from the terminal, without showing it and
// twice, or the first line of stdin. It is never an argument: those can be read
// by everyone on the machine.
func (s *session) typedPassword(name string) (string, error) {
	in := s.cmd.InOrStdin()
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		typed, err := hidden(f, s.stderr, "Password for "+name+": ", "Once more: ")
		if err != nil {
			return "", err
		}
		if typed[0] != typed[1] {
			return "", errors.New("the two are not the same: nothing was changed")
		}
		return s.checked(name, typed[0])
	}
	line, err := bufio.NewReader(io.LimitReader(in, maxTyped)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("stdin: %w", err)
	}
	return s.checked(name, strings.TrimRight(line, "\r\n"))
}

// checked says what is wrong with a password before it travels.
func (s *session) checked(name, password string) (string, error) {
	if err := token.CheckPassword(name, password); err != nil {
		return "", wrongUse("%v", err)
	}
	return password, nil
}

func runPassword(s *session, args []string) error {
	password, err := s.typedPassword(args[0])
	if err != nil {
		return err
	}
	raw, err := s.ask(s.ctx, http.MethodPut, "operators/"+url.PathEscape(args[0])+"/password", api.NewPasswordDoc{Password: password}, nil)
	if err != nil {
		return err
	}
	return s.done(raw, "%s has a new password, and is logged out everywhere", args[0])
}

func runLink(s *session, args []string) error {
	path := "link"
	if len(args) == 1 {
		path = "operators/" + url.PathEscape(args[0]) + "/link"
	}
	site, err := s.consoleAt()
	if err != nil {
		return err
	}
	var doc api.LinkDoc
	if _, err := s.ask(s.ctx, http.MethodPost, path, nil, &doc); err != nil {
		return err
	}
	link := site + doc.Path
	if s.json {
		raw, err := json.Marshal(map[string]any{"link": link, "path": doc.Path, "expires": doc.Expires})
		if err != nil {
			return err
		}
		return s.printJSON(raw)
	}
	fmt.Fprintf(s.stderr, "Good once, until %s:\n", doc.Expires.Local().Format("15:04"))
	_, err = fmt.Fprintln(s.stdout, plain(link))
	return err
}

// consoleAt is where the API is served to browsers: as the user says, where it is
// asked, or as the running configuration has it.
func (s *session) consoleAt() (string, error) {
	if text := s.text("site"); text != "" {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return "", wrongUse("--site %s: write it like https://daero.example.com", text)
		}
		return u.Scheme + "://" + u.Host, nil
	}
	if s.origin == "" {
		u, err := url.Parse(s.base)
		if err != nil {
			return "", err
		}
		return u.Scheme + "://" + u.Host, nil
	}
	if found := s.served(); found != "" {
		return found, nil
	}
	return "", errors.New(`no site of the running configuration serves daero_console or daero_api: add one, or say where it is with --site https://HOST`)
}

// served asks the admin endpoint for the first site that serves the API.
func (s *session) served() string {
	r, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.base+"/config/apps/http/servers", http.NoBody)
	if err != nil {
		return ""
	}
	r.Header.Set("Origin", s.origin)
	resp, err := s.http.Do(r)
	if err != nil {
		return "" // the question that follows says why
	}
	defer resp.Body.Close()
	var servers map[string]server
	if json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&servers) != nil {
		return ""
	}
	return siteOf(servers)
}

func runSessions(s *session, _ []string) error {
	var doc api.SessionsDoc
	raw, err := s.ask(s.ctx, http.MethodGet, "sessions", nil, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	if len(doc.Sessions) == 0 {
		fmt.Fprintln(s.stderr, "no browser is logged in")
		return nil
	}
	rows := [][]string{{"ID", "NAME", "ROLE", "VIA", "FROM", "LAST USED"}}
	for i := range doc.Sessions {
		o := &doc.Sessions[i]
		rows = append(rows, []string{o.ID, o.Name, string(o.Role), o.Via, o.From, o.LastUsed.Local().Format("2006-01-02 15:04")})
	}
	table(s.stdout, rows)
	return nil
}

// runRevoke ends the session of an ID, or all of a name.
func runRevoke(s *session, args []string) error {
	var doc api.SessionsDoc
	if _, err := s.ask(s.ctx, http.MethodGet, "sessions", nil, &doc); err != nil {
		return err
	}
	n := 0
	for i := range doc.Sessions {
		o := &doc.Sessions[i]
		if o.ID != args[0] && o.Name != args[0] {
			continue
		}
		if _, err := s.ask(s.ctx, http.MethodDelete, "sessions/"+url.PathEscape(o.ID), nil, nil); err != nil {
			if e, ok := errors.AsType[*refusedError](err); ok && e.Status == http.StatusNotFound {
				continue // it ended meanwhile
			}
			return err
		}
		n++
	}
	if n == 0 {
		hint := ""
		if store.CheckName(args[0]) == nil {
			hint = `; "daero operator sessions" lists them`
		}
		return fmt.Errorf("no browser is logged in by %q%s", args[0], hint)
	}
	return s.done(nil, "%d logged out", n)
}
