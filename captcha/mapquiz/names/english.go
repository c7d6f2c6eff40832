package names

import "strings"

// An English stem is three pieces, as in Mar-lo-van: 360 openings, 60 middles
// and 140 endings make 3.0 million, and more than 150,000 for each first letter,
// which is what a question about missing letters shows. Openings have three
// letters and middles two, so that no two choices spell the same name.
var englishStem = func() [][]string {
	opening := product("b c d f g h k l m n p r s t v w", "a e i o u", "l m n r")
	opening = append(opening, product("br cl cr dr fl fr gl gr pl pr st tr", "a e i o", "")...)
	middle := product("b d f k l m n p r t v w", "a e i o u", "")
	ending := product("b d f k l m n r s t v w", "an en in on el er or ia ey is", "")
	ending = append(ending, product("b d l m n r s t v k", "y a", "")...)
	return [][]string{opening, middle, ending}
}()

// product joins each of a with each of b and each of c.
func product(a, b, c string) []string {
	var all []string
	for _, x := range strings.Fields(a) {
		for _, y := range strings.Fields(b) {
			if c == "" {
				all = append(all, x+y)
			}
			for _, z := range strings.Fields(c) {
				all = append(all, x+y+z)
			}
		}
	}
	return all
}

// englishDenied must stand nowhere in a stem: what is rude or sad, and what
// chains are called.
var englishDenied = strings.Fields(`
	anal anus arse bum cum clit coon cock cunt crap damn dead death demon devil die dike dyke
	fart fat fuc fuk hell homo idiot jew kike kill kum lust muslim naz nig nude pedo penis pee
	pimp piss poo porn pus rap rape rect semen sin sex shit slav slut sperm spic suck tampon
	tard terr tit toilet turd tumor vag viag viol virus vomit wank whor weed wee
	bank mart market school church cafe post police station library
	aldi lidl tesco walmart subway target costa pret ford visa nike dior prada`)

// englishAllowed reports whether the pieces together say nothing bad.
func englishAllowed(stem []string) bool {
	s := strings.Join(stem, "")
	for _, bad := range englishDenied {
		if strings.Contains(s, bad) {
			return false
		}
	}
	return true
}

var english = map[Category]word{
	School:    {"school", []string{"School"}},
	Bank:      {"bank", []string{"Bank"}},
	Pharmacy:  {"pharmacy", []string{"Pharmacy"}},
	Hospital:  {"hospital", []string{"Hospital"}},
	Mart:      {"supermarket", []string{"Market"}},
	Church:    {"church", []string{"Church"}},
	Cafe:      {"cafe", []string{"Cafe"}},
	Library:   {"library", []string{"Library"}},
	Post:      {"post office", []string{"Post Office"}},
	Police:    {"police station", []string{"Police"}},
	Bakery:    {"bakery", []string{"Bakery"}},
	Apartment: {"apartment building", []string{"Apartments"}},
	Station:   {"subway station", []string{"Station"}},
}
