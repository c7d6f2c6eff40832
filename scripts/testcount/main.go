// Command testcount reads `go test -json` from its standard input, prints what
// a person wants to see of it (failures in full, one line for each package),
// and counts.
//
//	go test -json ./... | go run ./scripts/testcount -to counts.txt
//
// The file gets "passed failed skipped" as three numbers. The exit status is 1
// if a test failed, if one was skipped (a skipped check is not a passed one),
// or if none ran.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
)

func main() {
	to := flag.String("to", "", "file to write the three counts to")
	flag.Parse()
	c, err := count(bufio.NewReader(os.Stdin), os.Stdout)
	if err == nil && *to != "" {
		err = os.WriteFile(*to, fmt.Appendf(nil, "%d %d %d\n", c.passed, c.failed, c.skipped), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		os.Exit(1)
	}
	fmt.Println(c.line())
	if !c.ok() {
		os.Exit(1)
	}
}
