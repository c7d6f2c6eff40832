package lane

// Challenges reports whether users are asked by order whether a person is there,
// or in shadow would be. It is quick, and what a request brings to show that it
// was asked need not be looked at where it says no.
func (l *Lane) Challenges() bool {
	o := l.orders.Load()
	return o != nil && (o.Challenge != [2]float64{} || o.ChallengeNew != [2]float64{} ||
		o.WouldChallenge != [2]float64{} || o.WouldChallengeNew != [2]float64{})
}

// Asks reports whether a request would be challenged, for those that do not
// enter: what stands behind requests of its user that wait is kept without
// entering. Nothing is counted.
func (l *Lane) Asks(req Request) bool {
	o := l.orders.Load()
	return o != nil && !l.set.shadow.Load() && o.challenge.asks(uint64(l.placeOf(o, l.set.clock(), &req)), &req)
}

// CountChallenged counts a request whose caller was asked.
func (l *Lane) CountChallenged(i Intent) { l.challenged[i&1].Add(1) }
