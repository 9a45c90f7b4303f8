// Command verifycall is the whole product in one binary: the server, the
// making of staff accounts, and the verifier of evidence bundles.
package main

import (
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // zones are checked and shown on machines without their own

	_ "golang.org/x/crypto/x509roots/fallback" // authorities, on machines without their own

	"verifycall/cmd/verifycall/accounts"
	"verifycall/cmd/verifycall/built"
	"verifycall/cmd/verifycall/bundles"
	"verifycall/cmd/verifycall/checkup"
	"verifycall/cmd/verifycall/console"
	"verifycall/cmd/verifycall/keeping"
)

// command is a subcommand: what usage says of it, and what runs it. It gives
// the exit code.
type command struct {
	name, does string
	run        func(args []string, out, errOut io.Writer) int
}

// commands in the order that usage lists them.
var commands = []command{
	{"serve", "run the server; try it with serve --demo", runServe},

	{"check", "say whether these settings and what stands around would serve", checkup.Check},

	{"invite", "make a staff account and its invitation", accounts.Invite},
	{"admin", "invite the first operator; list and revoke links and sessions; close an account", accounts.Admin},
	{"apikey", "create, list and revoke API keys", accounts.APIKey},

	{"verify", "check an evidence bundle", bundles.Verify},
	{"stamp", "add trusted time (RFC 3161) to sealed bundles", bundles.Stamp},

	{"access", "check the ledger of who came in, and list a day of it", keeping.Access},

	{"drain", "let a running node finish its calls and take no new ones", runDrain},

	{"keys", "list, rotate and rewrap the deployment's keys", keeping.Keys},

	{"backup", "write what Redis has, and the table of keys, into signed files", keeping.Backup},
	{"restore", "bring a deployment back from them into an empty Redis", keeping.Restore},

	{"bench", "hold robots' calls against a running deployment and say how many go", runBench},

	{"reindex", "rebuild rooms and indexes from the store after Redis was lost", keeping.Reindex},

	{"sbom", "print what this program was built of", built.SBOM},

	{"version", "print what this program is", built.Version},
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run dispatches to the subcommand and gives the exit code.
func run(args []string, out, errOut io.Writer) int {
	if len(args) == 0 {
		usage(errOut)
		return console.ExitUsage
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(args[1:], out, errOut)
		}
	}
	switch args[0] {
	case "help", "-h", "--help":
		usage(out)
		return 0
	}
	fmt.Fprintf(errOut, "verifycall: there is no command %q\n", args[0])
	usage(errOut)
	return console.ExitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: verifycall COMMAND [flags]\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.does)
	}
	fmt.Fprint(w, "\nverifycall COMMAND --help says more.\n")
}
