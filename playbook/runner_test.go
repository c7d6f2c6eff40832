package playbook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

var normal = level.Standing{}

func hour(why string) playbook.Pause {
	return playbook.Pause{Until: start.Add(time.Hour), By: "kim", Reason: why}
}

func TestUpAtOnceDownByRamp(t *testing.T) {
	p := play(t, bookOf(t, playbook.Config{
		Actions: []playbook.Action{shed(level.Alert, 0.5, 1), slow(level.Alert, time.Minute)},
		Ramp:    playbook.Ramp{Step: 0.25, Every: 10 * time.Second},
	}))
	p.step(normal, "", "")
	p.step(at(level.Alert, 0), "shed login 50%, slow sync 100%", "+shed login 50%, +slow sync 100%")
	p.step(at(level.Alert, 0.04), "shed login 52%, slow sync 100%", "") // too little to tell
	p.step(at(level.Alert, 1), "shed login 100%, slow sync 100%", "shed login 50%>100%")
	// What refuses nothing ends at once; a lane comes back by steps.
	p.step(normal, "shed login 100%", "-slow sync")
	p.after(9*time.Second).step(normal, "shed login 100%", "")
	p.after(time.Second).step(normal, "shed login 75%", "shed login 100%>75%")
	p.step(normal, "shed login 75%", "")
	p.after(10*time.Second).step(normal, "shed login 50%", "shed login 75%>50%")
	p.after(10*time.Second).step(normal, "shed login 25%", "shed login 50%>25%")
	p.after(10*time.Second).step(normal, "", "-shed login")
	p.after(10*time.Second).step(normal, "", "")
}

func TestRampStepsBackWhenUnhealthy(t *testing.T) {
	p := play(t, bookOf(t, playbook.Config{
		Actions: []playbook.Action{shed(level.Alert, 0, 0.5)},
		Ramp:    playbook.Ramp{Step: 0.25, Every: 10 * time.Second},
	}))
	unhealthy := level.Standing{Level: level.Caution, Acting: level.Caution, Ease: level.Alert}
	p.step(at(level.Alert, 1), "shed login 50%", "+shed login 50%")
	p.after(10*time.Second).step(normal, "shed login 25%", "shed login 50%>25%")
	p.after(10*time.Second).step(unhealthy, "shed login 50%", "shed login 25%>50%")
	// Never stronger than it was, and no more steps back than the ramp has.
	for range 3 {
		p.after(10*time.Second).step(unhealthy, "shed login 50%", "")
	}
	p.after(10*time.Second).step(unhealthy, "shed login 25%", "shed login 50%>25%")
	p.after(10*time.Second).step(unhealthy, "", "-shed login")
}

func TestAPinAsksNoReadings(t *testing.T) {
	p := play(t, bookOf(t, playbook.Config{
		Actions: []playbook.Action{shed(level.Alert, 0.5, 0.5)},
		Ramp:    playbook.Ramp{Step: 0.5, Every: time.Second},
	}))
	p.step(at(level.Alert, 0), "shed login 50%", "+shed login 50%")
	p.after(time.Second).step(level.Standing{Ease: level.Serious, Pinned: true}, "", "-shed login")
}

func TestInsideARowItFollowsThePressure(t *testing.T) {
	p := play(t, book(t, shed(level.Caution, 0, 0.6), shed(level.Alert, 0.6, 1)))
	p.step(at(level.Alert, 1), "shed login 100%", "+shed login 100%")
	p.after(5*time.Second).step(at(level.Alert, 0), "shed login 90%", "shed login 100%>90%")
	// The row below is at its end, and its own readings do not make the ramp
	// step back.
	for _, want := range []string{"80%", "70%", "60%", "60%"} {
		o, _ := p.after(5*time.Second).r.Step(p.now, at(level.Caution, 1))
		if got := told(o); got != "shed login "+want {
			t.Errorf("%s, want %s", got, want)
		}
		p.now = p.now.Add(level.Interval)
	}
	p.after(5*time.Second).step(at(level.Caution, 0), "shed login 50%", "shed login 60%>50%")
}

func TestEventsPerRow(t *testing.T) {
	p := play(t, book(t, tells(level.Attention, "ops"), tells(level.Alert, "ops"), slow(level.Caution, time.Second), slow(level.Alert, time.Minute)))
	p.step(at(level.Attention, 0), "notify ops at attention 100%", "+notify ops at attention 100%")
	p.step(at(level.Serious, 0), "notify ops at attention 100%, notify ops at alert 100%, slow sync 100%", "+notify ops at alert 100%, +slow sync 100%")
	// What it says changed, and that is told.
	p.step(at(level.Caution, 0), "notify ops at attention 100%, slow sync 100%", "-notify ops at alert, slow sync 100%>100%")
	p.step(at(level.Caution, 0), "notify ops at attention 100%, slow sync 100%", "")
	p.step(normal, "", "-notify ops at attention, -slow sync")
}

func TestPauseAndResume(t *testing.T) {
	p := play(t, book(t, shed(level.Alert, 0.5, 0.5), tells(level.Alert, "ops")))
	alert := at(level.Alert, 0)
	all, shadow := "shed login 50%, notify ops at alert 100%", "shed login 50% (shadow), notify ops at alert 100% (shadow)"
	p.step(alert, all, "+shed login 50%, +notify ops at alert 100%")
	if err := p.r.Pause(p.now, hour("it hurts")); err != nil {
		t.Fatal(err)
	}
	if got, ok := p.r.Paused(p.now); !ok || got.By != "kim" {
		t.Errorf("%+v %t", got, ok)
	}
	p.step(alert, shadow, "-shed login, +shed login 50% (shadow), -notify ops at alert, +notify ops at alert 100% (shadow)")
	p.step(alert, shadow, "")
	if !p.r.Resume(p.now) || p.r.Resume(p.now) {
		t.Error("there was one pause")
	}
	p.step(alert, all, "-shed login (shadow), +shed login 50%, -notify ops at alert (shadow), +notify ops at alert 100%")
	// One that is forgotten ends by itself.
	_ = p.r.Pause(p.now, hour("it hurts"))
	p.step(alert, shadow, "-shed login, +shed login 50% (shadow), -notify ops at alert, +notify ops at alert 100% (shadow)")
	p.now = start.Add(time.Hour)
	p.step(alert, all, "-shed login (shadow), +shed login 50%, -notify ops at alert (shadow), +notify ops at alert 100%")
	if p.r.Resume(p.now) {
		t.Error("it had ended by itself")
	}
}

func TestPausedWhileALevelIsLeft(t *testing.T) {
	p := play(t, bookOf(t, playbook.Config{
		Actions: []playbook.Action{shed(level.Alert, 0.5, 0.5)},
		Ramp:    playbook.Ramp{Step: 1, Every: time.Second},
	}))
	p.step(at(level.Alert, 0), "shed login 50%", "+shed login 50%")
	_ = p.r.Pause(p.now, hour("it hurts"))
	p.after(time.Second).step(normal, "", "-shed login") // nothing is left that would have been
	p.r.Resume(p.now)
	p.step(normal, "", "")
}

func TestStopOne(t *testing.T) {
	p := play(t, book(t, shed(level.Alert, 0.5, 0.5), slow(level.Alert, time.Minute)))
	alert := at(level.Alert, 0)
	if err := p.r.Stop(p.now, "shed login", hour("complaints")); err != nil {
		t.Fatal(err)
	}
	p.step(alert, "shed login 50% (shadow), slow sync 100%", "+shed login 50% (shadow), +slow sync 100%")
	if f := p.r.InForce(p.now); len(f) != 2 || f[0].Stopped == nil || f[0].Stopped.Reason != "complaints" || f[1].Stopped != nil || !f[0].Since.Equal(start) {
		t.Errorf("%+v", f)
	}
	if s, ok := p.r.Stopped(p.now, "shed login"); !ok || s.By != "kim" {
		t.Errorf("%+v", s)
	}
	if _, ok := p.r.Stopped(p.now, "slow sync"); ok {
		t.Error("slow sync is not stopped")
	}
	// It outlives a reload.
	p.r.Reload(book(t, shed(level.Alert, 0.5, 0.5)))
	p.step(alert, "shed login 50% (shadow)", "-slow sync")
	if !p.r.Start(p.now, "shed login") || p.r.Start(p.now, "shed login") || p.r.Start(p.now, "nothing") {
		t.Error("there was one stop")
	}
	p.step(alert, "shed login 50%", "-shed login (shadow), +shed login 50%")
	err := p.r.Stop(p.now, "shed logn", hour("complaints"))
	if err == nil || !strings.Contains(err.Error(), "known: shed login") {
		t.Errorf("%v", err)
	}
	if _, ok := p.r.Stopped(p.now, "nothing"); ok {
		t.Error("nothing is not stopped")
	}
}

func TestReloadKeepsAndWithdraws(t *testing.T) {
	a := shed(level.Alert, 0.5, 0.5)
	p := play(t, book(t, a, slow(level.Alert, time.Minute)))
	alert := at(level.Alert, 0)
	p.step(alert, "shed login 50%, slow sync 100%", "+shed login 50%, +slow sync 100%")
	// In another order, stronger, and without slow.
	p.r.Reload(book(t, tells(level.Alert, "ops"), shed(level.Alert, 0.8, 0.8)))
	p.step(alert, "notify ops at alert 100%, shed login 80%", "-slow sync, +notify ops at alert 100%, shed login 50%>80%")
	// Into shadow.
	p.r.Reload(bookOf(t, playbook.Config{Actions: []playbook.Action{a}, Shadow: true}))
	o, e := p.r.Step(p.now, alert)
	if told(o) != "shed login 80% (shadow)" || happened(e) != "-notify ops at alert, -shed login, +shed login 80% (shadow)" {
		t.Errorf("%s; %s", told(o), happened(e))
	}
	// Two reloads between steps: nothing is lost of what has to be told.
	p.r.Reload(book(t))
	p.r.Reload(book(t, a))
	p.step(alert, "shed login 50%", "-shed login (shadow), +shed login 50%")
	p.r.Reload(book(t))
	p.step(alert, "", "-shed login")
	p.step(alert, "", "")
	if p.r.Book().Config().Actions != nil {
		t.Error("Book is not the one in force")
	}
}

func TestClockSetBack(t *testing.T) {
	p := play(t, bookOf(t, playbook.Config{
		Actions: []playbook.Action{shed(level.Alert, 1, 1)},
		Ramp:    playbook.Ramp{Step: 0.5, Every: time.Second},
	}))
	p.step(at(level.Alert, 0), "shed login 100%", "+shed login 100%")
	p.now = p.now.Add(-24 * time.Hour)
	p.step(normal, "shed login 100%", "")
	p.after(time.Second).step(normal, "shed login 50%", "shed login 100%>50%")
}

func TestBadPauses(t *testing.T) {
	p := play(t, book(t, shed(level.Alert, 1, 1)))
	for _, bad := range []playbook.Pause{
		{},
		{Until: start.Add(time.Hour)},
		{Until: start, Reason: "r"},
		{Until: start.Add(playbook.MaxPause + time.Second), Reason: "r"},
	} {
		if p.r.Pause(start, bad) == nil || p.r.Stop(start, "shed login", bad) == nil {
			t.Errorf("%+v accepted", bad)
		}
	}
	p.step(at(level.Alert, 0), "shed login 100%", "+shed login 100%")
}

func TestStepAllocatesNothing(t *testing.T) {
	p := play(t, example(t))
	n := testing.AllocsPerRun(100, func() {
		p.r.Step(p.now, at(level.Serious, 0.5))
		p.now = p.now.Add(level.Interval)
	})
	if n != 0 {
		t.Errorf("%v allocations per step", n)
	}
}
