package attack

import "math"

// Price is what an attacker is taken to pay. Prices change; what does not is how
// they are put together.
type Price struct {
	What   string
	Dollar float64
	Of     string
	Source string
}

// The prices that the report reckons with.
var (
	CoreHour  = Price{"a core", 0.04, "hour", "assumed: a rented server by the hour"}
	VisionLow = Price{"a frontier vision model, low", 0.0005, "question", "assumed: not looked up"}
	VisionTop = Price{"a frontier vision model, high", 0.005, "question", "assumed: not looked up"}
	People    = Price{"people who solve for pay, low", 0.0005, "question", "advertised by solver services: 0.5 to 1 for 1,000 pictures"}
	PeopleTop = Price{"people who solve for pay, high", 0.003, "question", "advertised by a solver service for hCaptcha: 2.99 for 1,000"}
)

// Prices are all of them, for the report.
func Prices() []Price { return []Price{CoreHour, VisionLow, VisionTop, People, PeopleTop} }

// Native is how many times as fast as a browser a program does the work.
const Native = 7

// PerThousand is what 1,000 tokens cost: tries and seconds of work (of a usual
// device) that it took for so many tokens, with what a try costs.
func PerThousand(tokens, tries int, work, coreSeconds, fee float64) float64 {
	if tokens == 0 {
		return math.Inf(1)
	}
	core := CoreHour.Dollar / 3600
	return 1000 * (work/Native*core + float64(tries)*(coreSeconds*core+fee)) / float64(tokens)
}

// Within is how often at least one of k attempts works.
func Within(p float64, k int) float64 { return 1 - math.Pow(1-p, float64(k)) }
