package gate

// list is the queues at a door, in the order in which they came.
type list[T any] struct {
	head, tail *queue[T]
	n          int
}

func (l *list[T]) append(q *queue[T]) {
	q.before, q.after = l.tail, nil
	if l.tail == nil {
		l.head = q
	} else {
		l.tail.after = q
	}
	l.tail = q
	l.n++
}

func (l *list[T]) remove(q *queue[T]) {
	if q.before == nil {
		l.head = q.after
	} else {
		q.before.after = q.after
	}
	if q.after == nil {
		l.tail = q.before
	} else {
		q.after.before = q.before
	}
	q.before, q.after = nil, nil
	l.n--
}

// push puts a queue into the heap.
func (g *Gate[T]) push(q *queue[T]) {
	q.index = len(g.due)
	g.due = append(g.due, q)
	g.up(q.index)
}

// pull takes a queue out of the heap.
func (g *Gate[T]) pull(q *queue[T]) {
	i, last := q.index, len(g.due)-1
	g.swap(i, last)
	g.due[last] = nil
	g.due = g.due[:last]
	if i < last {
		g.down(i)
		g.up(i)
	}
}

// earlier breaks ties by age, so that a run can be repeated.
func (g *Gate[T]) earlier(i, j int) bool {
	a, b := g.due[i], g.due[j]
	return a.at < b.at || a.at == b.at && a.id < b.id
}

func (g *Gate[T]) swap(i, j int) {
	g.due[i], g.due[j] = g.due[j], g.due[i]
	g.due[i].index, g.due[j].index = i, j
}

func (g *Gate[T]) up(i int) {
	for i > 0 && g.earlier(i, (i-1)/2) {
		g.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (g *Gate[T]) down(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(g.due); c++ {
			if g.earlier(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		g.swap(i, least)
		i = least
	}
}
