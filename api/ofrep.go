package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/daero/daero/level"
)

// Keys of the flags that are always there.
const (
	LevelKey       = "daero.level"        // the level's word
	LevelNumberKey = "daero.level.number" // 0 to 4
)

// flagDoc is a flag's value, or why there is none.
type flagDoc struct {
	Key     string `json:"key"`
	Value   any    `json:"value,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Variant string `json:"variant,omitempty"`
	Error   string `json:"errorCode,omitempty"`
	Details string `json:"errorDetails,omitempty"`
}

// MarshalJSON keeps values that look empty: false and 0 are values.
func (d flagDoc) MarshalJSON() ([]byte, error) {
	doc := map[string]any{"key": d.Key}
	if d.Error != "" {
		doc["errorCode"], doc["errorDetails"] = d.Error, d.Details
		return json.Marshal(doc)
	}
	doc["value"], doc["reason"], doc["variant"] = d.Value, d.Reason, d.Variant
	return json.Marshal(doc)
}

// flags returns the flags in force, by key.
func (c *call) flags() []flagDoc {
	st := c.Daero.Control().State(c.Now())
	lv := st.Level.Level
	all := []flagDoc{
		{Key: LevelKey, Value: lv.String(), Variant: lv.String()},
		{Key: LevelNumberKey, Value: int(min(lv, level.Serious)), Variant: lv.String()},
	}
	for key, value := range st.Flags {
		if key != LevelKey && key != LevelNumberKey {
			all = append(all, flagDoc{Key: key, Value: flagValue(value), Variant: value})
		}
	}
	for i := range all {
		all[i].Reason = "TARGETING_MATCH" // decided by the load, not fixed
	}
	slices.SortFunc(all, func(a, b flagDoc) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// flagValue gives a word of the configuration its type.
func flagValue(s string) any {
	switch strings.ToLower(s) {
	case "on", "true":
		return true
	case "off", "false":
		return false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	// What JSON writes as a number; not "Inf", "0x1p-2" or "1_000".
	if json.Valid([]byte(s)) && strings.ContainsAny(s[:1], "-0123456789") {
		return json.Number(s)
	}
	return s
}

// context reads the request and what is wrong with it. Flags are the same for
// everyone, so the context itself is not used; without a body there is none.
func (c *call) context() *flagDoc {
	var d struct {
		Context map[string]any `json:"context"`
	}
	dec := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	err := dec.Decode(&d)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one document")
		}
	}
	if err != nil {
		return &flagDoc{Error: "PARSE_ERROR", Details: strings.TrimPrefix(err.Error(), "json: ")}
	}
	return nil
}

func evaluateFlag(c *call) error {
	key := c.r.PathValue("key")
	if wrong := c.context(); wrong != nil {
		wrong.Key = key
		return c.send(http.StatusBadRequest, wrong)
	}
	for _, f := range c.flags() {
		if f.Key == key {
			return c.send(http.StatusOK, f)
		}
	}
	return c.send(http.StatusNotFound, flagDoc{Key: key, Error: "FLAG_NOT_FOUND", Details: "not in force: the app's default holds"})
}

func evaluateFlags(c *call) error {
	if wrong := c.context(); wrong != nil {
		return c.send(http.StatusBadRequest, map[string]string{"errorCode": wrong.Error, "errorDetails": wrong.Details})
	}
	data, err := json.Marshal(map[string]any{"flags": c.flags()})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	c.w.Header().Set("ETag", tag)
	if tagged(c.r.Header.Get("If-None-Match"), tag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return c.send(http.StatusOK, json.RawMessage(data))
}

// tagged reports whether a list of entity tags has one.
func tagged(list, tag string) bool {
	for t := range strings.SplitSeq(list, ",") {
		if t = strings.TrimSpace(t); t == "*" || strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}
