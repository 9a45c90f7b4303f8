// Package built says what the running program was built of.
package built

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"

	"verifycall/cmd/verifycall/console"
	"verifycall/recorder/evidence"
)

const versionUsage = `usage: verifycall version

Prints the release, the commit it was built of and the Go release that built it.
The commit and whether the tree was changed are what Go's build wrote into the
program; "unknown" is a program built without its repository.
`

// Version is the subcommand version. It gives the exit code.
func Version(args []string, out, errOut io.Writer) int {
	f := flag.NewFlagSet("version", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, versionUsage)
		return 0
	}
	if err != nil || f.NArg() > 0 {
		fmt.Fprint(errOut, versionUsage)
		return console.ExitUsage
	}
	built, _ := debug.ReadBuildInfo()
	fmt.Fprintln(out, versionLine(built))
	return 0
}

// versionLine says in one line what a program is; nil is one without its build's
// description.
func versionLine(built *debug.BuildInfo) string {
	release, commit, changed, goVersion := "unknown", "unknown", "", "unknown"
	if built != nil {
		release, goVersion = built.Main.Version, built.GoVersion
		for _, s := range built.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = ", changed"
			}
		}
	}
	return fmt.Sprintf("verifycall %s (commit %s%s, %s)", release, commit, changed, goVersion)
}

// Release of the running program.
func Release() string {
	s := evidence.BuildStatement()
	if revision := s.Settings["vcs.revision"]; revision != "" {
		return revision
	}
	return s.Main.Version
}
