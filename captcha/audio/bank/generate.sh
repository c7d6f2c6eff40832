#!/bin/sh
# Speaks the words of ko.tsv and en.tsv and cuts, levels and packs what is said:
# bank/LANG/ID-TAKE.wav, 12 kHz, 8-bit mu-law, one channel. The recordings are
# checked in, so that neither building nor running daero needs these programs:
#
#	espeak-ng (Korean and English), flite (English), sox
#
# The same versions make the same files. After changing a list: remove the files
# of words that are gone, run this, and go test ./captcha/audio.
set -eu
cd "$(dirname "$0")"
raw=$(mktemp -d)
trap 'rm -rf "$raw"' EXIT

# pack FILE: silence off at both ends, no rumble, peak at -3 dB, no dither.
pack() {
	sox -D "$raw/said.wav" -r 12000 -b 8 -e mu-law -c 1 "$1" gain -4 highpass 90 \
		silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse pad 0.01 0.02 norm -3
}

# Korean: three voices of one synthesiser, the only one that speaks it.
while IFS='	' read -r id said _; do
	espeak-ng -v ko -s 138 -p 42 -w "$raw/said.wav" "$said" && pack "ko/$id-1.wav"
	espeak-ng -v ko+f3 -s 148 -p 58 -w "$raw/said.wav" "$said" && pack "ko/$id-2.wav"
	espeak-ng -v ko+m3 -s 130 -p 30 -w "$raw/said.wav" "$said" && pack "ko/$id-3.wav"
done <ko.tsv

# English: a woman and a man of flite, and espeak-ng.
while IFS='	' read -r id said _; do
	said=${said%%|*}
	flite -voice slt --setf duration_stretch=1.12 -t "$said" -o "$raw/said.wav" && pack "en/$id-1.wav"
	flite -voice rms --setf duration_stretch=1.05 -t "$said" -o "$raw/said.wav" && pack "en/$id-2.wav"
	espeak-ng -v en-us -s 140 -p 48 -w "$raw/said.wav" "$said" && pack "en/$id-3.wav"
done <en.tsv
