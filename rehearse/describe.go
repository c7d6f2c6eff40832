package rehearse

import "strings"

// Description says what a scenario or an arm is, in both languages.
type Description struct {
	Name  string
	Title [2]string // English, Korean
	What  [2]string
	Arms  []string // of a scenario: those it can be rehearsed in
	Usual []string // of a scenario: those it is rehearsed in unless told otherwise
	Lasts float64  // of a scenario: how many seconds one arm takes unless told otherwise
}

var scenarioWords = map[string][4]string{
	Earthquake: {
		"Earthquake", "지진",
		"A broadcast wakes every phone, then half of the service is gone for a while.",
		"재난 문자가 모든 휴대전화를 깨우고, 잠시 서비스의 절반이 사라집니다.",
	},
	NewYear: {
		"New Year", "새해",
		"People send many times as often, a dependency hangs, half of the sessions break.",
		"보내는 사람이 몇 배로 늘고, 의존 시스템이 느려지고, 세션의 절반이 끊깁니다.",
	},
	Goal: {
		"A goal", "골",
		"Ten times of everything, for seconds.",
		"몇 초 동안 모든 요청이 열 배가 됩니다.",
	},
	FalseAlert: {
		"False alert", "오경보",
		"A warning, a few curious people, and the warning is cancelled.",
		"경보가 울리고, 몇몇이 확인하러 오고, 경보가 취소됩니다.",
	},
	Recovery: {
		"Recovery", "복구",
		"17 %, then 50 % of the sessions break and return at once.",
		"세션의 17 %, 이어서 50 %가 끊겼다가 한꺼번에 돌아옵니다.",
	},
}

// Descriptions says of every scenario what it is.
func Descriptions() (all []Description) {
	for _, name := range Scenarios() {
		w := scenarioWords[name]
		all = append(all, Description{
			Name: name, Title: [2]string{w[0], w[1]}, What: [2]string{w[2], w[3]},
			Arms: arms(name), Usual: Arms(name), Lasts: Settings{Scenario: name}.WithDefaults().Duration.Seconds(),
		})
	}
	return all
}

// ArmDescriptions says of every arm what it is.
func ArmDescriptions() (all []Description) {
	for _, name := range append(arms(Earthquake), ArmTarget) {
		t := armTitles[name]
		t[0] = strings.TrimPrefix(t[0], name+": ")
		all = append(all, Description{Name: name, Title: t})
	}
	return all
}
