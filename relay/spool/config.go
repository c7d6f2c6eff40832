package spool

import (
	"errors"
	"fmt"
	"time"
)

// Config describes a Spool.
type Config struct {
	// Dir is where the files are. It is made if it is not there. Required.
	Dir string
	// MaxBytes bounds the records that wait. The files may take up to two
	// SegmentBytes more. Default 1 GiB.
	MaxBytes int64
	// SegmentBytes is how large a file grows. Default 64 MiB, or an eighth of
	// MaxBytes if that is less.
	SegmentBytes int64
	// MaxRecord bounds one record. Default 17 MiB.
	MaxRecord int
	// LowWater is how many bytes of the disk are left to others: below it
	// nothing is kept. Default 64 MiB, -1 none.
	LowWater int64
	// FS is the file system. Default: the machine's.
	FS FS
	// Now is the clock that records are stamped by. Default time.Now.
	Now func() time.Time
}

const (
	leastRecord  = 1 << 10
	mostRecord   = 64 << 20
	leastSegment = 4 << 10
	mostSegment  = 1 << 30
)

func (c Config) withDefaults() Config {
	if c.MaxBytes == 0 {
		c.MaxBytes = 1 << 30
	}
	if c.SegmentBytes == 0 {
		c.SegmentBytes = max(leastSegment, min(64<<20, c.MaxBytes/8))
	}
	if c.MaxRecord == 0 {
		c.MaxRecord = 17 << 20
	}
	if c.LowWater == 0 {
		c.LowWater = 64 << 20
	}
	if c.FS == nil {
		c.FS = disk{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("spool: no directory: say where the files are to be"))
	}
	if c.MaxBytes < leastSegment {
		errs = append(errs, fmt.Errorf("spool: max bytes %d: must be at least %d", c.MaxBytes, leastSegment))
	}
	if c.SegmentBytes < leastSegment || c.SegmentBytes > mostSegment {
		errs = append(errs, fmt.Errorf("spool: segment bytes %d: must be %d to %d", c.SegmentBytes, leastSegment, mostSegment))
	}
	if c.MaxRecord < leastRecord || c.MaxRecord > mostRecord {
		errs = append(errs, fmt.Errorf("spool: max record %d: must be %d to %d", c.MaxRecord, leastRecord, mostRecord))
	}
	if c.LowWater < -1 {
		errs = append(errs, fmt.Errorf("spool: low water %d: must be 0 or more bytes, or -1 for none", c.LowWater))
	}
	return errors.Join(errs...)
}
