// Gosec, as a tool for `go vet -vettool` and the judge of what that prints:
//
//	go vet -vettool=gosec ./... 2>&1 | gosec -judge
//
// By go vet each package is looked at once and kept in the build's cache; gosec's
// own command would bring clients of three clouds. See the file exceptions.
package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/securego/gosec/v2/goanalysis"
	"golang.org/x/tools/go/analysis/unitchecker"
)

//go:embed exceptions
var exceptions string

func main() {
	if len(os.Args) != 2 || os.Args[1] != "-judge" {
		unitchecker.Main(goanalysis.Analyzer)
	}
	faults, explained := judge(os.Stdin, exceptions)
	for _, fault := range faults {
		fmt.Println(fault)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d findings, all explained\n", explained)
}

// finding is a line of gosec's.
var finding = regexp.MustCompile(`^(?:vet: )?(?:\./)?([^:\s]+\.go):\d+:\d+: (G\d{3}): `)

// judge gives the findings that no exception explains, the exceptions that explain
// none, and whatever else go vet has said.
func judge(found io.Reader, list string) (faults []string, explained int) {
	type exception struct {
		line, rule, path string
		used             bool
	}
	var all []*exception
	for line := range strings.Lines(list) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 3)
		switch {
		case words[0] == "" || words[0][0] == '#':
		case len(words) < 3:
			faults = append(faults, "not explained: "+strings.TrimSpace(line))
		default:
			all = append(all, &exception{line: strings.TrimSpace(line), rule: words[0], path: words[1]})
		}
	}
	scanner := bufio.NewScanner(found)
lines:
	for scanner.Scan() {
		line := scanner.Text()
		m := finding.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "# "):
			continue
		case m == nil:
			faults = append(faults, line)
			continue
		case strings.HasSuffix(m[1], "_test.go"):
			continue
		}
		for _, e := range all {
			if e.rule == m[2] && (e.path == m[1] || strings.HasPrefix(m[1], e.path+"/")) {
				e.used = true
				explained++
				continue lines
			}
		}
		faults = append(faults, line)
	}
	if err := scanner.Err(); err != nil {
		faults = append(faults, err.Error())
	}
	for _, e := range all {
		if !e.used {
			faults = append(faults, "explains nothing: "+e.line)
		}
	}
	return faults, explained
}
