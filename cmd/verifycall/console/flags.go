// Package console is what all subcommands have in common at a terminal: flags beside
// words, variables of the environment, values within bounds, exit codes.
package console

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// ExitUsage is what a wrong call or wrong settings end with.
const ExitUsage = 2

// ParseAll parses all that can be parsed: a wrong flag doesn't hide the faults
// behind it.
func ParseAll(f *flag.FlagSet, args []string) error {
	var faults error
	for len(args) > 0 {
		before := len(args)
		err := f.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		rest := f.Args()
		if err != nil {
			faults = errors.Join(faults, err)
		} else if len(rest) > 0 {
			faults = errors.Join(faults, fmt.Errorf("%q belongs to no flag", rest[0]))
			rest = rest[1:]
		}
		if len(rest) == before {
			rest = rest[1:]
		}
		args = rest
	}
	return faults
}

// ParseWords is ParseMixed, then the environment, for a command that prints its
// usage and flags to out when asked for help; it gives flag.ErrHelp then.
func ParseWords(flags *flag.FlagSet, usage string, args []string, out io.Writer) ([]string, error) {
	plain, err := ParseMixed(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil, flag.ErrHelp
	}
	return plain, errors.Join(err, SetFromEnv(flags, os.LookupEnv))
}

// ParseMixed parses flags that may stand before and behind the arguments, and
// gives the arguments.
func ParseMixed(flags *flag.FlagSet, args []string) ([]string, error) {
	var plain []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return plain, nil
		}
		plain = append(plain, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// SetFromEnv sets the flags that were not given from their variables.
func SetFromEnv(f *flag.FlagSet, env func(string) (string, bool)) error {
	given := map[string]bool{}
	f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	var faults error
	f.VisitAll(func(fl *flag.Flag) {
		value, found := env(envName(fl.Name))
		if !found || given[fl.Name] {
			return
		}
		if err := f.Set(fl.Name, value); err != nil {
			faults = errors.Join(faults, fmt.Errorf("%s: %q: %w", envName(fl.Name), value, err))
		}
	})
	return faults
}

func envName(name string) string {
	return "VERIFYCALL_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// PrintJSON writes a value as indented JSON.
func PrintJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
