package main

import (
	"encoding/json"
	"net/http"
	"sync"
)

// page is one answer of the page hosts.
type page struct {
	Path string `json:"path"`
	Type string `json:"type"`
	Body string `json:"body"`
	CSP  string `json:"csp"`
}

// pages are what the page hosts show: tests put them there. A form that is sent
// is shown as JSON.
type pages struct {
	mu     sync.Mutex
	byPath map[string]page
}

func (p *pages) put(one page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byPath == nil {
		p.byPath = map[string]page{}
	}
	p.byPath[one.Path] = one
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(r.PostForm) // whoever asked may be gone
		return
	}
	if r.URL.Path == "/favicon.ico" { // every browser asks
		w.WriteHeader(http.StatusNoContent)
		return
	}
	p.mu.Lock()
	one, there := p.byPath[r.URL.Path]
	p.mu.Unlock()
	if !there {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", one.Type)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if one.CSP != "" {
		w.Header().Set("Content-Security-Policy", one.CSP)
	}
	w.Write([]byte(one.Body))
}
