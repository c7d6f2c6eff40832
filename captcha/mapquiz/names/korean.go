package names

import "strings"

// A Korean stem is two words of two syllables, each an opening and an ending
// one, as in 단비나무: 80^4 = 41 million, and 80^3 = 512,000 for three syllables
// that are missing. Of ㅐ and ㅔ, which sound alike, every consonant has one.
var koreanStem = func() [][]string {
	opening := strings.Fields(`
		가 고 구 금 길 나 난 노 누 다 단 달 담 도 동 두 들 라 로 루
		마 맑 모 무 물 미 바 밝 별 보 봄 부 비 빛 산 새 샘 소 솔 송
		수 숲 시 아 양 여 연 예 오 온 용 우 운 윤 은 이 재 정 주 지
		진 찬 참 청 초 큰 태 터 파 포 푸 풀 하 한 해 향 호 화 휘 흰`)
	ending := strings.Fields(`
		가 결 경 곡 길 꽃 나 남 내 늘 단 달 담 둔 들 뜰 라 람 랑 래
		련 롬 루 룬 리 린 림 마 말 매 목 무 문 미 민 바 벌 별 봄 비
		빈 빛 산 샘 선 섬 솔 송 숲 슬 아 안 율 연 영 온 원 월 윤 울
		음 인 재 주 진 찬 천 촌 터 평 포 풍 하 한 향 현 호 화 희 든`)
	return [][]string{opening, ending, opening, ending}
}()

// koreanDenied are pairs of syllables that must not meet: what is rude or sad,
// and what chains and companies are called. Not all can be made today; who adds
// a syllable need not think of them.
var koreanDenied = func() map[string]bool {
	denied := make(map[string]bool)
	for _, pair := range strings.Fields(`
		구매 판매 가랑 가매 가슬 고문 고민 고인 고자 고환 구린 구마 구라 구멍 구인 금단 금주 난민
		노무 노래 노비 노인 누드 다리 단말 도매 도박 도둑 도주 독약 두목 라문 마늘 마비 마약
		망할 매춘 무당 무덤 무기 물매 미친 바보 바가 발기 변태 병신 보지 부랄 불알 비리 비만
		비명 비참 비하 빈곤 빈민 사망 사정 산재 살인 설사 성기 성인 소말 소매 소음 소변 수음
		시체 시발 시신 시비 시한 씨발 아동 암매 여인 여성 연민 영안 오물 오줌 용문 유방 윤락
		은밀 음경 음란 음모 음부 음주 이별 이단 이비 이매 인민 인질 자위 자지 자살 재단 재난
		재해 정자 정액 정음 좀비 주정 주인 지랄 지린 지옥 지매 창녀 천민 천하 초상 치매 파산
		파문 포주 푸들 하녀 하인 하산 한남 한매 항문 해산 향락 호구 호로 화장 화재 화산 흰자
		무하 매음 매단 매독 매미 나치 나병 단두 동성 동무 로리 루저 목매 문둔 문란 미개 민둥
		바람 발정 벌레 벌금 별세 보매 부음 부하 부정 비아 비루 빈부 서거 숨결 시아 아귀 아편
		암세 암내 암시 여진 우울 우매 운지 운하 원한 월경 음수 음지 일베 장례 재앙 진물 진폐
		참수 참매 태아 태풍 파리 포기 포르 풍기 하마 한심 화매 희롱 희안 난매 물난 산사 태만
		화마 수마 지진 가난 비난 화난 내시 무지 도산 소주 금연 음담 경고 결별 곡소 둔부 둔한 마초 말소
		무시 미달 미비 민주 문재 이재 비수 비정 빈소 빈한 산송 아부 연루 영정 울고 원수 천한 포진 하수
		마담 미라 비린 수인 오인 오진 오한 은둔 초라 두목 난리 난산 고린 청송
		하나 우리 온누 신한 국민 이마 자이 래미 아이 이디 두레 다이 카카 네이 삼성 현대 롯데
		대우 대한 한화 한진 두산 포스 새마 푸르 한라 한미 유한 동아 동화 동원 동양 현산 이안
		부영 호반 우미 한양 금호 화성 서울 부산 울산 대구 인천 광주 대전 세종 경기 강남 이천
		포천 진천 제천 김포 마포 송파 용산 노원 은평 목포 영천 진주 원주 청주 충주 전주 경주`) {
		denied[pair] = true
	}
	return denied
}()

// koreanAllowed reports whether the syllables may stand beside each other: not
// twice the same, and no pair that is denied.
func koreanAllowed(stem []string) bool {
	for i := 1; i < len(stem); i++ {
		if stem[i] == stem[i-1] || koreanDenied[stem[i-1]+stem[i]] {
			return false
		}
	}
	return true
}

var korean = map[Category]word{
	School:    {"학교", []string{"초등학교", "중학교"}},
	Bank:      {"은행", []string{"은행"}},
	Pharmacy:  {"약국", []string{"약국"}},
	Hospital:  {"병원", []string{"병원"}},
	Mart:      {"마트", []string{"마트"}},
	Church:    {"교회", []string{"교회"}},
	Cafe:      {"카페", []string{"카페"}},
	Library:   {"도서관", []string{"도서관"}},
	Post:      {"우체국", []string{"우체국"}},
	Police:    {"경찰서", []string{"경찰서"}},
	Bakery:    {"빵집", []string{"빵집"}},
	Apartment: {"아파트", []string{"아파트"}},
	Station:   {"역", []string{"역"}},
}

// With returns a Korean word with the particle that its last sound asks for:
// closed after a consonant, open after a vowel, as in With("약국", "을", "를").
// A word that does not end in Hangul is taken for one that ends in a vowel. The
// particle 으로 follows its own rule, which asks for 로 after ㄹ.
func With(word, closed, open string) string {
	var last rune
	for _, r := range word {
		last = r
	}
	const first, finals = 0xAC00, 28 // syllables stand in rows of 28: none, then the 27 final consonants
	if last < first || last > 0xD7A3 {
		return word + open
	}
	switch final := (last - first) % finals; {
	case final == 0, final == 8 && closed == "으로": // 8 is ㄹ
		return word + open
	}
	return word + closed
}
