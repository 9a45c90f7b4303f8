package db

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
)

//go:embed lua/shift.lua
var shiftSource string

var shiftScript = NewScript(shiftSource)

// Shift gives a member of an index another score where it has the one that was seen,
// and says whether it had: of several who take it up one gets it. to 0 takes it out.
// log is the key of a hash with Prefix, a field and its value, written with it.
func (d *DB) Shift(ctx context.Context, index, member string, from, to int64, log ...string) (bool, error) {
	keys, args := []string{Prefix + "index:" + index}, []string{member, strconv.FormatInt(from, 10), ""}
	if to != 0 {
		args[2] = strconv.FormatInt(to, 10)
	}
	if len(log) == 3 {
		keys, args = append(keys, log[0]), append(args, log[1:]...)
	}
	reply, err := d.Run(ctx, shiftScript, keys, args)
	if err != nil {
		return false, fmt.Errorf("%s: %w", index, err)
	}
	return reply == "MINE", nil
}
