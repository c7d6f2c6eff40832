// Package names makes up names of places, Korean and English, from syllables:
// at least 2^20 for every category, so that no dictionary of them helps.
//
// Every name that is allowed is as likely as any other: who knows the grammar,
// and has counted what it makes, gains nothing. The package knows no map and no
// questions.
package names

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// Category is a kind of place that has an icon on the map.
type Category string

// The categories.
const (
	School    Category = "school"
	Bank      Category = "bank"
	Pharmacy  Category = "pharmacy"
	Hospital  Category = "hospital"
	Mart      Category = "mart"
	Church    Category = "church"
	Cafe      Category = "cafe"
	Library   Category = "library"
	Post      Category = "post"
	Police    Category = "police"
	Bakery    Category = "bakery"
	Apartment Category = "apartment"
	Station   Category = "station" // of the subway: one on a map
)

// Categories returns all categories, Station last.
func Categories() []Category {
	return []Category{
		School, Bank, Pharmacy, Hospital, Mart, Church, Cafe, Library, Post, Police, Bakery, Apartment, Station,
	}
}

// Name is the name of a place.
type Name struct {
	Full   string // as on the map: "단비나무약국", "Marlovan Pharmacy"
	Suffix string // what tells the category and may be left away when typed: "약국", "" for none
}

// Stem returns the name without its suffix: what has to be read from the map.
func (n Name) Stem() string {
	return strings.TrimRight(strings.TrimSuffix(n.Full, n.Suffix), " ")
}

// word is what a category is called, and what names of it end with.
type word struct {
	called   string
	suffixes []string
}

// Of makes up a name. lang is "ko" or "en".
func Of(r *rand.Rand, c Category, lang string) Name {
	suffix := ""
	if all := words(lang)[c].suffixes; len(all) > 0 {
		suffix = all[r.IntN(len(all))]
	}
	for {
		stem := make([]string, 0, 4)
		for _, choice := range stems(lang) {
			stem = append(stem, choice[r.IntN(len(choice))])
		}
		if !allowed(stem, lang) {
			continue
		}
		return Name{Full: joined(stem, suffix, lang), Suffix: suffix}
	}
}

// Word is what a category is called in a question: "약국", "pharmacy".
func Word(c Category, lang string) string { return words(lang)[c].called }

// Suffixes returns what names of a category end with.
func Suffixes(c Category, lang string) []string { return slices.Clone(words(lang)[c].suffixes) }

// Syllables returns what names are made of, apart from their suffixes, sorted:
// syllables in Korean, pieces of two or three letters in English.
func Syllables(lang string) []string {
	var all []string
	for _, choice := range stems(lang) {
		all = append(all, choice...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func words(lang string) map[Category]word {
	if lang == "ko" {
		return korean
	}
	return english
}

// stems returns what is to be chosen from, place by place.
func stems(lang string) [][]string {
	if lang == "ko" {
		return koreanStem
	}
	return englishStem
}

func allowed(stem []string, lang string) bool {
	if lang == "ko" {
		return koreanAllowed(stem)
	}
	return englishAllowed(stem)
}

func joined(stem []string, suffix, lang string) string {
	s := strings.Join(stem, "")
	if lang == "ko" {
		return s + suffix
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if suffix == "" {
		return s
	}
	return s + " " + suffix
}
