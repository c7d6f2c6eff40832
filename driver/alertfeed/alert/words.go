package alert

import (
	"fmt"
	"strings"
)

// CAP's words, by value. They are also those of the configuration.
var (
	severities  = []string{"unknown", "minor", "moderate", "severe", "extreme"}
	urgencies   = []string{"unknown", "past", "future", "expected", "immediate"}
	certainties = []string{"unknown", "unlikely", "possible", "likely", "observed"}
	statuses    = []string{"", "actual", "exercise", "system", "test", "draft"}
)

// String returns the severity's word.
func (s Severity) String() string { return name(severities, int(s)) }

// String returns the urgency's word.
func (u Urgency) String() string { return name(urgencies, int(u)) }

// String returns the certainty's word.
func (c Certainty) String() string { return name(certainties, int(c)) }

// String returns the status's word.
func (s Status) String() string { return name(statuses, int(s)) }

// ParseSeverity is the inverse of [Severity.String], in any case of letters.
func ParseSeverity(s string) (Severity, error) {
	i, err := find("severity", severities, s)
	return Severity(i), err
}

// ParseUrgency is the inverse of [Urgency.String], in any case of letters.
func ParseUrgency(s string) (Urgency, error) {
	i, err := find("urgency", urgencies, s)
	return Urgency(i), err
}

// ParseCertainty is the inverse of [Certainty.String], in any case of letters.
func ParseCertainty(s string) (Certainty, error) {
	i, err := find("certainty", certainties, s)
	return Certainty(i), err
}

// ParseStatus is the inverse of [Status.String], in any case of letters.
func ParseStatus(s string) (Status, error) {
	i, err := find("status", statuses, s)
	return Status(i), err
}

func name(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return fmt.Sprintf("%d", i)
}

func find(what string, words []string, s string) (uint8, error) {
	for i, w := range words {
		if w != "" && strings.EqualFold(w, s) {
			return uint8(i), nil
		}
	}
	known := words
	if known[0] == "" {
		known = known[1:]
	}
	return 0, fmt.Errorf("unknown %s %q: use %s", what, Clean(s, 20), strings.Join(known, ", "))
}
