package level_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/level"
)

// service has signals of every unit, as a Caddyfile would.
func service() level.Config {
	return level.Config{Signals: []level.Signal{
		{Name: "busy", Unit: level.Percent, At: [4]float64{0.7, 0.8, 0.9, 0.97}},
		{Name: "wait", Unit: level.Seconds, At: [4]float64{0.02, 0.05, 0.15, 0.5}},
		{Name: "reconn", Unit: level.Times, At: [4]float64{2, 4, 8, 16}},
		{Name: "quake", Arms: level.Attention},
	}}
}

// TestSentences: what people read when a level changes, in both languages.
// Read them aloud before changing them.
func TestSentences(t *testing.T) {
	calm := []float64{0.4, 0.001, 1}
	pin := level.Pin{Level: level.Caution, Until: start.Add(time.Hour), By: "김온콜", Reason: "점검"}
	for name, tt := range map[string]struct {
		do                   func(c *climber)
		why, ko, down, downK string
		signals              string
	}{
		"one signal": {
			do:      func(c *climber) { c.hold(time.Second, 0.93, 0.001, 1) },
			why:     "busy 93% ≥ 90% (alert)",
			ko:      "busy 93%, 경계 기준 90% 이상",
			down:    "busy < 87%, wait < 120ms and reconn < 6.8x for 30s",
			downK:   "busy 87% 미만, wait 120ms 미만, reconn 6.8배 미만인 상태가 30초 이어지면",
			signals: "busy",
		},
		"two for serious": {
			do:      func(c *climber) { c.hold(time.Second, 0.99, 0.06, 3) },
			why:     "busy 99% ≥ 97% (serious); wait 60ms ≥ 50ms (caution)",
			ko:      "busy 99%, 심각 기준 97% 이상; wait 60ms, 주의 기준 50ms 이상",
			down:    "busy < 94.9%, wait < 395ms and reconn < 13.6x for 30s",
			downK:   "busy 94.9% 미만, wait 395ms 미만, reconn 13.6배 미만인 상태가 30초 이어지면",
			signals: "busy wait",
		},
		"multiples": {
			do:      func(c *climber) { c.hold(time.Second, 0.4, 0.001, 5) },
			why:     "reconn 5x ≥ 4x (caution)",
			ko:      "reconn 5배, 주의 기준 4배 이상",
			down:    "busy < 77%, wait < 41ms and reconn < 3.4x for 30s",
			downK:   "busy 77% 미만, wait 41ms 미만, reconn 3.4배 미만인 상태가 30초 이어지면",
			signals: "reconn",
		},
		"a level that came back is kept longer": {
			do: func(c *climber) {
				c.hold(time.Second, 0.75, 0.001, 1)
				c.hold(40*time.Second, calm...)
				c.hold(time.Second, 0.75, 0.001, 1)
			},
			why:     "busy 75% ≥ 70% (attention)",
			ko:      "busy 75%, 관심 기준 70% 이상",
			down:    "busy < 49%, wait < 14ms and reconn < 1.4x for 1m",
			downK:   "busy 49% 미만, wait 14ms 미만, reconn 1.4배 미만인 상태가 1분 이어지면",
			signals: "busy",
		},
		"down again": {
			do: func(c *climber) {
				c.hold(time.Second, 0.75, 0.001, 1)
				c.hold(40*time.Second, calm...)
			},
			why: "nothing asks for attention any more",
			ko:  "관심 조건이 모두 풀림",
		},
		"down while one is lost": {
			do: func(c *climber) {
				c.hold(time.Second, 0.75, 0.001, 1)
				for range 400 {
					c.step(c.readings(0.4, 0.001)...)
				}
			},
			why: "nothing asks for attention any more (nothing heard of reconn)",
			ko:  "관심 조건이 모두 풀림 (reconn 신호 없음)",
		},
		"a warning": {
			do: func(c *climber) {
				c.step(append(c.readings(calm...), c.warning(10*time.Minute, "M5.4 Pohang"))...)
			},
			why:     "quake warns: M5.4 Pohang (until 11:10:00 UTC)",
			ko:      "quake 예고: M5.4 Pohang (11:10:00 UTC까지)",
			down:    "the end of the warning at 11:10:00 UTC",
			downK:   "11:10:00 UTC에 예고가 끝나면",
			signals: "quake",
		},
		"a warning without words": {
			do: func(c *climber) {
				c.step(append(c.readings(calm...), c.warning(10*time.Minute, ""))...)
			},
			why:     "quake warns until 11:10:00 UTC",
			ko:      "quake 예고, 11:10:00 UTC까지",
			down:    "the end of the warning at 11:10:00 UTC",
			downK:   "11:10:00 UTC에 예고가 끝나면",
			signals: "quake",
		},
		"early, while armed": {
			do: func(c *climber) {
				c.step(append(c.readings(0.885, 0.001, 1), c.warning(10*time.Minute, "M5.4 Pohang"))...)
				c.step(append(c.readings(0.885, 0.001, 1), c.warning(10*time.Minute, "M5.4 Pohang"))...)
			},
			why:     "busy 88.5% near 90% (alert)",
			ko:      "busy 88.5%, 경계 기준 90%에 근접",
			down:    "busy < 87%, wait < 120ms and reconn < 6.8x for 30s",
			downK:   "busy 87% 미만, wait 120ms 미만, reconn 6.8배 미만인 상태가 30초 이어지면",
			signals: "busy",
		},
		"the warning is over": {
			do: func(c *climber) {
				w := c.warning(time.Minute, "M5.4 Pohang")
				for range 620 {
					c.step(append(c.readings(calm...), w)...)
				}
			},
			why: "the warning is over, and nothing else asks for attention",
			ko:  "예고가 끝났고 관심 조건도 없음",
		},
		"pinned": {
			do: func(c *climber) {
				_ = c.l.Pin(c.now, pin)
				c.values(calm...)
			},
			why:   "pinned to caution until 12:00:00 UTC by 김온콜: 점검",
			ko:    "김온콜이 12:00:00 UTC까지 주의로 고정: 점검",
			down:  "the end of the pin at 12:00:00 UTC",
			downK: "12:00:00 UTC에 고정이 끝나면",
		},
		"the pin ended": {
			do: func(c *climber) {
				_ = c.l.Pin(c.now, pin)
				c.values(calm...)
				c.l.Unpin()
				c.values(calm...)
			},
			why: "the pin ended, and nothing asks for more",
			ko:  "고정이 끝났고 더 높은 단계의 조건이 없음",
		},
		"the pin ended and there is load": {
			do: func(c *climber) {
				_ = c.l.Pin(c.now, pin)
				c.hold(time.Second, 0.93, 0.001, 1)
				c.l.Unpin()
				c.values(0.93, 0.001, 1)
			},
			why:     "the pin ended; busy 93% ≥ 90% (alert)",
			ko:      "고정이 끝남; busy 93%, 경계 기준 90% 이상",
			down:    "busy < 87%, wait < 120ms and reconn < 6.8x for 30s",
			downK:   "busy 87% 미만, wait 120ms 미만, reconn 6.8배 미만인 상태가 30초 이어지면",
			signals: "busy",
		},
		"the pin ended and a level still holds": {
			do: func(c *climber) {
				c.hold(time.Second, 0.93, 0.001, 1)
				_ = c.l.Pin(c.now, level.Pin{Level: level.Normal, Until: start.Add(time.Hour), By: "kim", Reason: "drill"})
				c.hold(time.Second, calm...)
				c.l.Unpin()
				c.values(calm...)
			},
			why:   "the pin ended, and alert still holds",
			ko:    "고정이 끝났고 경계 단계가 유지됨",
			down:  "busy < 87%, wait < 120ms and reconn < 6.8x for 30s",
			downK: "busy 87% 미만, wait 120ms 미만, reconn 6.8배 미만인 상태가 30초 이어지면",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := climb(t, service())
			c.hold(time.Second, calm...)
			c.now = start // so that sentences have round times
			tt.do(c)
			got := c.last()
			for _, x := range []struct{ what, got, want string }{
				{"Why", got.Why, tt.why},
				{"Korean", got.Korean, tt.ko},
				{"Korean of the record's English", level.Korean(got.Why), tt.ko},
				{"Down", got.Down, tt.down},
				{"DownKorean", got.DownKorean, tt.downK},
				{"Signals", strings.Join(got.Signals, " "), tt.signals},
			} {
				if x.got != x.want {
					t.Errorf("%s\n got %s\nwant %s", x.what, x.got, x.want)
				}
			}
		})
	}
}

// Several signals, warnings with words of any kind, and what no change says.
func TestKoreanOfWhatIsRecorded(t *testing.T) {
	for why, want := range map[string]string{
		"quake warns: M5.4; near (sea) (until 11:10:00 UTC); busy 93% ≥ 90% (alert)": "quake 예고: M5.4; near (sea) (11:10:00 UTC까지); busy 93%, 경계 기준 90% 이상",
		"busy 93% ≥ 90% (alert) (nothing heard of wait, reconn)":                     "busy 93%, 경계 기준 90% 이상 (wait, reconn 신호 없음)",
		"pinned to serious until 11:01:00 UTC by kim: a: b":                          "kim이(가) 11:01:00 UTC까지 심각으로 고정: a: b",
		"busy 93% ≥ 90% (loud)":                                                      "",
		"the pin ended; ":                                                            "",
		"deploy":                                                                     "",
		"":                                                                           "",
	} {
		if got := level.Korean(why); got != want {
			t.Errorf("%s\n got %s\nwant %s", why, got, want)
		}
	}
}

func FuzzKorean(f *testing.F) {
	f.Add("the pin ended; busy 93% ≥ 90% (alert); reconn 5x near 4x (caution) (nothing heard of wait)")
	f.Add("pinned to caution until 12:00:00 UTC by 김온콜: 점검")
	f.Add("quake warns: M5.4 Pohang (until 11:10:00 UTC)")
	f.Fuzz(func(t *testing.T, why string) {
		if ko := level.Korean(why); utf8.ValidString(why) && !utf8.ValidString(ko) {
			t.Errorf("%q: %q", why, ko)
		}
	})
}

func TestKoreanParticles(t *testing.T) {
	for by, want := range map[string]string{"김온콜": "김온콜이 ", "박서버": "박서버가 ", "kim": "kim이(가) "} {
		c := climb(t, level.Config{})
		_ = c.l.Pin(c.now, level.Pin{Level: level.Serious, Until: start.Add(time.Minute), By: by, Reason: "훈련"})
		c.step()
		if got := c.last().Korean; got != want+"11:01:00 UTC까지 심각으로 고정: 훈련" {
			t.Errorf("%s", got)
		}
	}
}
