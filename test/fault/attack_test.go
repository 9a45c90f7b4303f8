//go:build fault

package fault

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// TestAttack is `make attack` with less of each. The attacker ends with 1 where
// harm was done, or where an attack could not be made.
func TestAttack(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is missing")
	}
	program := build(t)
	attacker := filepath.Join(t.TempDir(), "attack")
	make := exec.Command("go", "build", "-o", attacker, "./bench/attack")
	make.Dir = "../.."
	if text, err := make.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, attacker, "-short", "-program", program, "-conns", "1500", "-slow", "10", "-alone", "2s")
	run.Dir = "../.."
	text, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	all := regexp.MustCompile(`(?m)^in all +(\d+) +(\d+) +(\d+)`).FindSubmatch(text)
	if all == nil {
		t.Fatalf("no table:\n%s", text)
	}
	tried, _ := strconv.Atoi(string(all[1]))   // of digits
	refused, _ := strconv.Atoi(string(all[2])) // of digits
	if tried < 11_000 || refused < 10_900 || string(all[3]) != "0" {
		t.Errorf("not all was tried:\n%s", text)
	}
}
