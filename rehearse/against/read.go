package against

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const maxDescription = 64 << 10

// Read reads a description in JSON:
//
//	{"name":"staging","url":"https://staging.example.com","most":500,
//	 "message":"POST /api/messages {\"text\":\"hello\"}","login":"POST /api/login","sync":"GET /api/sync"}
func Read(r io.Reader) (Service, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDescription+1))
	if err != nil {
		return Service{}, fmt.Errorf("target: %w", err)
	}
	return Parse(data)
}

// Parse is [Read] of what was read.
func Parse(data []byte) (Service, error) {
	if len(data) > maxDescription {
		return Service{}, fmt.Errorf("target: more than %d bytes", maxDescription)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var s Service
	if err := d.Decode(&s); err != nil {
		return Service{}, fmt.Errorf("target: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Service{}, errors.New("target: more than one document")
	}
	if s.Name == "" {
		s.Name = NameOf(s.URL)
	}
	s = s.WithDefaults()
	return s, s.Validate()
}
