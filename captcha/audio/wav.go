package audio

import (
	"encoding/binary"
	"errors"
)

// Rate is how many samples a second has, in the bank and in what is sent: 6 kHz of
// sound, which is all of speech but the last of an s, at three quarters of the
// bytes of 16 kHz.
const Rate = 12000

// Formats of a WAV file.
const (
	formatPCM   = 1
	formatMuLaw = 7
)

// EncodeWAV makes a file of 16-bit samples at [Rate]: 24 KB a second.
func EncodeWAV(samples []int16) []byte {
	size := 2 * len(samples)
	out := make([]byte, 0, 44+size)
	u32 := func(v int) { out = binary.LittleEndian.AppendUint32(out, uint32(v)) } //nolint:gosec // seconds of sound
	u16 := func(v int) { out = binary.LittleEndian.AppendUint16(out, uint16(v)) } //nolint:gosec // of a header
	out = append(out, "RIFF"...)
	u32(36 + size)
	out = append(out, "WAVEfmt "...)
	u32(16)
	u16(formatPCM)
	u16(1)
	u32(Rate)
	u32(2 * Rate)
	u16(2)
	u16(16)
	out = append(out, "data"...)
	u32(size)
	for _, s := range samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(s)) //nolint:gosec // two's complement
	}
	return out
}

// DecodeWAV reads what [EncodeWAV] makes, and other 16-bit files of one channel.
func DecodeWAV(file []byte) (samples []int16, rate int, err error) {
	w, err := readChunks(file)
	if err != nil {
		return nil, 0, err
	}
	if w.format != formatPCM || w.bits != 16 || w.channels != 1 {
		return nil, 0, errors.New("audio: only WAV of one channel and 16 bits is read")
	}
	samples = make([]int16, len(w.data)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(w.data[2*i:])) //nolint:gosec // two's complement
	}
	return samples, w.rate, nil
}

// wave is what a WAV file holds.
type wave struct {
	format, channels, rate, bits int
	data                         []byte
}

var errNoWAV = errors.New("audio: not a WAV file, or cut off")

// readChunks finds the format and the data among the chunks of a WAV file.
func readChunks(file []byte) (w wave, err error) {
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return w, errNoWAV
	}
	rest := file[12:]
	for len(rest) >= 8 {
		name, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		if size > len(rest) {
			return w, errNoWAV
		}
		body := rest[:size]
		switch {
		case name == "fmt " && size >= 16:
			w.format = int(binary.LittleEndian.Uint16(body))
			w.channels = int(binary.LittleEndian.Uint16(body[2:]))
			w.rate = int(binary.LittleEndian.Uint32(body[4:]))
			w.bits = int(binary.LittleEndian.Uint16(body[14:]))
		case name == "data":
			w.data = body
			return w, nil
		}
		rest = rest[min(size+size&1, len(rest)):] // chunks begin at even places
	}
	return w, errNoWAV
}
