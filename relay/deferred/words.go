package deferred

import (
	"fmt"
	"time"
)

// words say in one language how far a request is. They are for a person who did
// nothing wrong, and for the log of a program.
type words struct {
	lang    string
	said    map[saying]text
	about   func(d time.Duration) string // when it will be passed on
	ahead   func(n int) string
	unknown string // when it will be passed on
	atMost  func(d time.Duration) string
	reload  string
	look    string // the link's text
	cut     func(n int64) string
}

// saying is what there is to say.
type saying uint8

const (
	sayTaken saying = iota
	sayWaiting
	sayDelivering
	sayDone
	sayFailed
	sayExpired
	sayExpiredTried
	sayNothing
	sayDoubt
)

type text struct {
	title, detail string
	person        string // what a person is told instead of detail, "" for the same
}

var english = words{
	lang: "en",
	said: map[saying]text{
		sayTaken:        {"Received", "Your request is already received. Do not send it again. It is passed on in its turn, and the answer is kept for you.", ""},
		sayWaiting:      {"Received, waiting for its turn", "Your request is already received. Do not send it again.", ""},
		sayDelivering:   {"Being processed", "Your request is being processed right now. Do not send it again.", ""},
		sayDone:         {"Processed", "Your request has been processed.", ""},
		sayFailed:       {"It could not be processed", "The service failed each time it was asked. Part of it may have been done: look before you send it again.", ""},
		sayExpired:      {"Not processed", "It could not be passed on in time, so nothing was done. Send it again if you still want it.", ""},
		sayExpiredTried: {"Not known whether it was processed", "No answer came in time, and the service may have done it all the same. Look before you send it again.", ""},
		sayNothing:      {"Nothing is known here", "No request is known under this address, or its answer is not kept any more.", ""},
		sayDoubt: {
			"Not known whether it was received",
			"It is not known whether your request was received. Send the same again with the idempotency key that stands here: then it is not done twice.",
			"It is not known whether your request was received. Look below in a minute. If it is still not known then, send it again.",
		},
	},
	about: func(d time.Duration) string { return "It will be processed in about " + span(d, "s", "min", "h") + "." },
	ahead: func(n int) string {
		if n == 1 {
			return "About 1 request is before it."
		}
		return fmt.Sprintf("About %s requests are before it.", grouped(n))
	},
	unknown: "When it will be processed is not known yet.",
	atMost: func(d time.Duration) string {
		return "If it cannot be passed on within " + span(d, "s", "min", "h") + ", nothing is done, and you are told so here."
	},
	reload: "This page looks again by itself.",
	look:   "See how far it is",
	cut:    func(n int64) string { return fmt.Sprintf("The answer was too large to be kept (%d bytes).", n) },
}

var korean = words{
	lang: "ko",
	said: map[saying]text{
		sayTaken:        {"접수되었습니다", "이미 접수되었습니다. 다시 보내지 마세요. 순서대로 처리하고 결과를 보관해 드립니다.", ""},
		sayWaiting:      {"접수되어 순서를 기다리고 있습니다", "이미 접수되었습니다. 다시 보내지 마세요.", ""},
		sayDelivering:   {"처리하고 있습니다", "보내신 요청을 지금 처리하고 있습니다. 다시 보내지 마세요.", ""},
		sayDone:         {"처리되었습니다", "보내신 요청이 처리되었습니다.", ""},
		sayFailed:       {"처리하지 못했습니다", "서비스가 시도할 때마다 오류로 답했습니다. 일부가 처리되었을 수 있으니 다시 보내기 전에 확인해 주세요.", ""},
		sayExpired:      {"처리되지 않았습니다", "제시간에 전달하지 못해 아무것도 처리되지 않았습니다. 아직 필요하시면 다시 보내 주세요.", ""},
		sayExpiredTried: {"처리되었는지 알 수 없습니다", "제시간에 답을 받지 못했지만 서비스가 처리했을 수도 있습니다. 다시 보내기 전에 확인해 주세요.", ""},
		sayNothing:      {"알려진 내용이 없습니다", "이 주소로 접수된 요청이 없거나 결과 보관 기간이 지났습니다.", ""},
		sayDoubt: {
			"접수되었는지 알 수 없습니다",
			"요청이 접수되었는지 확인하지 못했습니다. 이 응답의 idempotency_key를 Idempotency-Key 헤더에 넣어 같은 요청을 다시 보내 주세요. 두 번 처리되지 않습니다.",
			"요청이 접수되었는지 확인하지 못했습니다. 1분쯤 뒤에 아래에서 확인해 주세요. 그때도 알 수 없으면 다시 보내 주세요.",
		},
	},
	about: func(d time.Duration) string {
		return "약 " + span(d, "초", "분", "시간") + " 뒤에 처리됩니다."
	},
	ahead:   func(n int) string { return fmt.Sprintf("앞에 약 %s건이 있습니다.", grouped(n)) },
	unknown: "언제 처리될지는 아직 알 수 없습니다.",
	atMost: func(d time.Duration) string {
		return span(d, "초", "분", "시간") + " 안에 전달하지 못하면 처리하지 않고 이곳에 알려 드립니다."
	},
	reload: "이 화면은 저절로 다시 확인합니다.",
	look:   "진행 상황 보기",
	cut: func(n int64) string {
		return fmt.Sprintf("결과가 너무 커서 보관하지 못했습니다(%d바이트).", n)
	},
}

// span writes a time in its largest unit, rounded up: "40 s", "3 min", "2 h".
// A Korean unit stands close to its number.
func span(d time.Duration, s, m, h string) string {
	unit, n := s, roundUp(d, time.Second)
	switch {
	case d > 100*time.Minute:
		unit, n = h, roundUp(d, time.Hour)
	case d > 100*time.Second:
		unit, n = m, roundUp(d, time.Minute)
	}
	if unit[0] < 0x80 {
		unit = "\u00a0" + unit // no line ends between them
	}
	return fmt.Sprintf("%d%s", n, unit)
}

func roundUp(d, unit time.Duration) int64 { return int64((max(d, 0) + unit - 1) / unit) }

// grouped writes 12345 as 12,345.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
