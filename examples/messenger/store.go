package messenger

import (
	"crypto/rand"
	"math"
	"sync"
	"time"
)

// Message is one message in the room.
type Message struct {
	ID   uint64    `json:"id"`
	From string    `json:"from,omitempty"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Bounds of what is kept in memory.
const (
	keepSessions = 100_000
	keepMessages = 1_000
	syncPage     = 50
)

// store keeps sessions and the latest messages, both bounded.
type store struct {
	mu       sync.Mutex
	sessions map[string]string // token to user
	tokens   []string          // a ring: the oldest session makes room
	oldest   int
	messages []Message // the latest, oldest first
	lastID   uint64
}

func newStore() *store { return &store{sessions: map[string]string{}} }

// login returns a new session's token.
func (s *store) login(user string) string {
	token := rand.Text() // 130 bits: a session cannot be guessed
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tokens) < keepSessions {
		s.tokens = append(s.tokens, token)
	} else {
		delete(s.sessions, s.tokens[s.oldest])
		s.tokens[s.oldest] = token
		s.oldest = (s.oldest + 1) % keepSessions
	}
	s.sessions[token] = user
	return token
}

// drop ends a share of the sessions, no matter whose, and returns how many.
func (s *store) drop(share float64) (dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := int(math.Round(share * float64(len(s.sessions))))
	for token := range s.sessions { // in no order
		if dropped >= want {
			break
		}
		delete(s.sessions, token)
		dropped++
	}
	return dropped
}

// user returns whose session it is.
func (s *store) user(token string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, ok := s.sessions[token]
	return user, ok
}

func (s *store) add(from, text string, now time.Time) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	m := Message{ID: s.lastID, From: from, Text: text, At: now}
	if len(s.messages) >= 2*keepMessages { // drop the older half at once: amortised O(1)
		s.messages = append(s.messages[:0], s.messages[keepMessages:]...)
	}
	s.messages = append(s.messages, m)
	return m
}

// after returns the messages that follow id, at most a page, oldest first.
func (s *store) after(id uint64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := len(s.messages)
	for from > 0 && s.messages[from-1].ID > id {
		from--
	}
	return append([]Message{}, s.messages[from:min(from+syncPage, len(s.messages))]...)
}

func (s *store) count() (sessions int, messages uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions), s.lastID
}
