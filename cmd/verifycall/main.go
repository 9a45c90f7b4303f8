// Command verifycall is the whole product in one binary: the server, the
// making of staff accounts, and the verifier of evidence bundles.
package main

import (
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // zones are checked and shown on machines without their own
)

const usage = `usage: verifycall COMMAND [flags]

  serve    run the server; try it with serve --demo
  invite   make a staff account's sign-in link or an API key
  verify   check an evidence bundle
  drain    let a running node finish its calls and take no new ones
  keys     list, rotate and rewrap the deployment's keys
  reindex  rebuild rooms and indexes from the store after Redis was lost
  sbom     print what this program was built of

verifycall COMMAND --help says more.
`

// exitUsage is what a wrong call or wrong settings end with.
const exitUsage = 2

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run dispatches to the subcommand and gives the exit code.
func run(args []string, out, errOut io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(errOut, usage)
		return exitUsage
	}
	switch args[0] {
	case "serve":
		return runServe(args[1:], out, errOut)
	case "invite":
		return runInvite(args[1:], out, errOut)
	case "drain":
		return runDrain(args[1:], out, errOut)
	case "verify":
		return runVerify(args[1:], out, errOut)
	case "keys":
		return runKeys(args[1:], out, errOut)
	case "reindex":
		return runReindex(args[1:], out, errOut)
	case "sbom":
		return runSBOM(args[1:], out, errOut)
	case "help", "-h", "--help":
		fmt.Fprint(out, usage)
		return 0
	}
	fmt.Fprintf(errOut, "verifycall: there is no command %q\n%s", args[0], usage)
	return exitUsage
}
