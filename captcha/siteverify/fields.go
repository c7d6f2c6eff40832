package siteverify

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"unicode/utf8"
)

// fields are what a request says.
type fields struct {
	secret, token, remoteIP, siteKey, idempotency string
}

// errMalformed is any mistake in a request: which one is not told apart, since
// the contracts have one word for all of them.
var errMalformed = errors.New("the request is malformed")

// read reads a request as c allows. A status other than 0 is of a request that
// makes no sense.
func read(w http.ResponseWriter, r *http.Request, c *contract) (fields, int) {
	p := pairs{c: c}
	if c.query && r.URL.RawQuery != "" {
		if p.form(r.URL.RawQuery) != nil {
			return fields{}, http.StatusOK
		}
	}
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			return fields{}, http.StatusOK
		}
		if status := p.body(r.Header.Get("Content-Type"), body); status != 0 {
			return fields{}, status
		}
	}
	if p.idempotency != "" && !isUUID(p.idempotency) {
		return fields{}, http.StatusOK
	}
	return p.fields, 0
}

// pairs collects fields: each once, in UTF-8.
type pairs struct {
	c *contract
	fields
	seen [5]bool
}

// body reads one of the types that the contract knows.
func (p *pairs) body(contentType string, body []byte) int {
	if len(body) == 0 {
		return 0
	}
	kind, params := "", map[string]string(nil)
	if contentType != "" {
		var err error
		if kind, params, err = mime.ParseMediaType(contentType); err != nil {
			kind = "?"
		}
	}
	var err error
	switch {
	case kind == "" || kind == "application/x-www-form-urlencoded": // many a small client says no type
		err = p.form(string(body))
	case kind == "application/json" && p.c.json:
		err = p.json(body)
	case kind == "multipart/form-data" && p.c.multi:
		err = p.multipart(body, params["boundary"])
	case p.c.query && p.seen != [5]bool{}: // all is in the query; libraries send {} with it
	case p.c.strict:
		return http.StatusUnsupportedMediaType
	default:
		err = errMalformed
	}
	if err != nil {
		return http.StatusOK
	}
	return 0
}

// put takes a field. Which of two a server means is a guess, and a guess is how
// one check is passed with what another was shown.
func (p *pairs) put(name, value string) error {
	i, to := p.place(name)
	if to == nil {
		return nil
	}
	if p.seen[i] || !utf8.ValidString(value) {
		return errMalformed
	}
	p.seen[i], *to = true, value
	return nil
}

func (p *pairs) place(name string) (int, *string) {
	switch {
	case name == "secret":
		return 0, &p.secret
	case name == "response":
		return 1, &p.token
	case name == "remoteip":
		return 2, &p.remoteIP
	case name == "sitekey" && p.c.sitekey:
		return 3, &p.siteKey
	case name == "idempotency_key" && p.c.idempotency:
		return 4, &p.idempotency
	}
	return 0, nil
}

func (p *pairs) form(s string) error {
	if len(s) > maxRequest {
		return errMalformed
	}
	values, err := url.ParseQuery(s)
	if err != nil {
		return errMalformed
	}
	for name, all := range values {
		for _, v := range all {
			if err := p.put(name, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// json reads one flat object. encoding/json alone takes the last of two equal
// names, and names in any case: so the object is read name by name.
func (p *pairs) json(body []byte) error {
	if !utf8.Valid(body) {
		return errMalformed
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errMalformed
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return errMalformed
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return errMalformed
		}
		key, _ := name.(string) // a name is a string
		if _, to := p.place(key); to == nil || string(raw) == "null" {
			continue
		}
		var value string
		if json.Unmarshal(raw, &value) != nil {
			return errMalformed
		}
		if err := p.put(key, value); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return errMalformed
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errMalformed
	}
	return nil
}

// multipart reads fields, and no files. How many there are is bounded with the
// body.
func (p *pairs) multipart(body []byte, boundary string) error {
	if boundary == "" {
		return errMalformed
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errMalformed
		}
		value, err := io.ReadAll(part)
		if err != nil || part.FileName() != "" {
			return errMalformed
		}
		if err := p.put(part.FormName(), string(value)); err != nil {
			return err
		}
	}
}

// isUUID says whether s is 8-4-4-4-12 hexadecimal digits.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}
