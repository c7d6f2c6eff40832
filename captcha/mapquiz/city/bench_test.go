package city

import "testing"

func BenchmarkPlan(b *testing.B) {
	b.ReportAllocs()
	for i := range b.N {
		New(Spec{Seed: uint64(i), Level: 3, Lang: "ko"})
	}
}

// What a fresh map costs: the plan, and its picture.
func BenchmarkFresh(b *testing.B) {
	New(Spec{Seed: 1, Level: 3, Lang: "ko"}).JPEG() // fonts are parsed once
	b.ReportAllocs()
	for i := range b.N {
		b.SetBytes(int64(len(New(Spec{Seed: uint64(i), Level: 3, Lang: "ko"}).JPEG())))
	}
}

func BenchmarkJPEG(b *testing.B) {
	plans := make([]*Plan, 16)
	for i := range plans {
		plans[i] = New(Spec{Seed: uint64(i), Level: 3, Lang: "ko"})
		plans[i].JPEG()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		b.SetBytes(int64(len(plans[i%16].JPEG())))
	}
}
