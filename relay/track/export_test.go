package track

import (
	"encoding/base64"
	"strconv"
)

// Seal makes metadata of any body, with the checksum that fits.
func Seal(base int64, body []byte) string {
	return mark + "|" + strconv.FormatUint(uint64(sum(base, body)), 16) + "|" + base64.RawStdEncoding.EncodeToString(body)
}
