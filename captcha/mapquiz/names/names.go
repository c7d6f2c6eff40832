// Package names makes up names of places, Korean and English, from syllables:
// at least 2^20 for every category, so that no dictionary of them helps.
package names

import "math/rand/v2"

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

// Name is the name of a place.
type Name struct {
	Full   string // as on the map: "단비나무약국", "Marlow Pharmacy"
	Suffix string // what tells the category and may be left away when typed: "약국", "" for none
}

// Of makes up a name. lang is "ko" or "en".
func Of(r *rand.Rand, c Category, lang string) Name { panic("to be written") }

// Word is what a category is called in a question: "약국", "pharmacy".
func Word(c Category, lang string) string { panic("to be written") }
