package storetest

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
)

func count(t *testing.T, s SiteStore, all ...captcha.Count) {
	t.Helper()
	if err := s.AddCounts(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

func counted(t *testing.T, s SiteStore, site string, from, to time.Time, want ...captcha.Count) {
	t.Helper()
	got, err := s.Counts(t.Context(), site, from, to)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("counts of %s from %s to %s:\n%v, want\n%v", site, from, to, got, want)
	}
}

// counts are added up by hour and name, and come in that order.
func counts(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	add(t, s, site(1), site(2))
	hour := noon.Truncate(time.Hour)
	of := func(site captcha.Site, after int, name string, n int64) captcha.Count {
		return captcha.Count{Site: site.Key, Hour: hour.Add(time.Duration(after) * time.Hour), Name: name, N: n}
	}
	one, two := site(1), site(2)
	count(t, s) // nothing at all
	count(t, s, of(one, 0, "solved.work", 5), of(one, 0, "issued", 7), of(two, 0, "issued", 100), of(one, -1, "issued", 1))
	count(t, s, of(one, 0, "issued", 3), of(one, 1, "issued", 1<<40), of(one, 1, "issued", 1), of(one, 2, "took-ms", 9))
	count(t, s, of(one, 0, "Z", 1), of(one, 0, "_", 2))
	wanted := []captcha.Count{
		of(one, -1, "issued", 1), of(one, 0, "Z", 1), of(one, 0, "_", 2), of(one, 0, "issued", 10), of(one, 0, "solved.work", 5),
		of(one, 1, "issued", 1<<40+1), of(one, 2, "took-ms", 9),
	}
	counted(t, open(t), one.Key, hour.Add(-time.Hour), hour.Add(3*time.Hour), wanted...)
	counted(t, s, one.Key, hour, hour.Add(2*time.Hour), wanted[1:6]...) // the end is not in it
	counted(t, s, one.Key, hour.Add(time.Nanosecond), hour.Add(time.Hour))
	counted(t, s, one.Key, hour.Add(time.Hour), hour)
	counted(t, s, two.Key, time.Time{}, noon.AddDate(100, 0, 0), of(two, 0, "issued", 100))
	// Wherever the clocks stand.
	seoul := time.FixedZone("KST", 9*3600)
	counted(t, s, one.Key, hour.In(seoul), hour.Add(2*time.Hour).In(seoul), wanted[1:6]...)
	elsewhere := of(one, 2, "took-ms", 1)
	elsewhere.Hour = elsewhere.Hour.In(seoul)
	count(t, s, elsewhere)
	counted(t, s, one.Key, hour.Add(2*time.Hour), hour.Add(3*time.Hour), of(one, 2, "took-ms", 10))
}

// countsOfNobody are refused, with all that came with them.
func countsOfNobody(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	add(t, s, site(1))
	hour := noon.Truncate(time.Hour)
	for _, key := range append([]string{site(2).Key}, texts...) {
		err := s.AddCounts(t.Context(), []captcha.Count{{Site: site(1).Key, Hour: hour, Name: "issued", N: 1}, {Site: key, Hour: hour, Name: "issued", N: 1}})
		is(t, "counts of a site that is not there", err, captcha.ErrNoSite)
	}
	counted(t, s, site(1).Key, hour, hour.Add(time.Hour))
}

// countsRace: nothing that gateways count at once is lost, in whatever order
// they count it.
func countsRace(t *testing.T, open func(*testing.T) SiteStore) {
	const sites, rounds = 5, 20
	stores := []SiteStore{open(t), open(t)}
	for n := range sites {
		add(t, stores[0], site(n))
	}
	hour := noon.Truncate(time.Hour)
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for round := range rounds {
				var all []captcha.Count
				for i := range 2 * sites {
					n := i % sites
					if worker%2 == 0 {
						n = sites - 1 - n // the other way round: where locks are taken so, two wait for each other
					}
					all = append(all, captcha.Count{Site: site(n).Key, Hour: hour.Add(time.Duration(round%2) * time.Hour), Name: []string{"issued", "work"}[i/sites], N: 1})
				}
				if err := stores[worker/2%2].AddCounts(t.Context(), all); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for n := range sites {
		var want []captcha.Count
		for h := range 2 {
			for _, name := range []string{"issued", "work"} {
				want = append(want, captcha.Count{Site: site(n).Key, Hour: hour.Add(time.Duration(h) * time.Hour), Name: name, N: 6 * rounds / 2})
			}
		}
		counted(t, stores[0], site(n).Key, hour, hour.Add(2*time.Hour), want...)
	}
}

// prune forgets what is old, of all sites, and nothing else.
func prune(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	add(t, s, site(1), site(2))
	hour := noon.Truncate(time.Hour)
	var all []captcha.Count
	for i := range 3000 {
		all = append(all, captcha.Count{Site: site(1 + i%2).Key, Hour: hour.Add(-time.Duration(i) * time.Hour), Name: "issued", N: 1})
	}
	count(t, s, all...)
	n, err := s.PruneCounts(t.Context(), hour.Add(-9*time.Hour))
	if err != nil || n != 2990 {
		t.Errorf("%d were forgotten, want 2990: %v", n, err)
	}
	counted(t, s, site(1).Key, time.Time{}, noon, all[8], all[6], all[4], all[2], all[0])
	counted(t, s, site(2).Key, time.Time{}, noon, all[9], all[7], all[5], all[3], all[1])
	if n, err := s.PruneCounts(t.Context(), hour.Add(-9*time.Hour)); err != nil || n != 0 {
		t.Errorf("once more: %d, %v", n, err)
	}
	holds(t, s, site(1))
}
