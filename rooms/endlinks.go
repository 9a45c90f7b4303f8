package rooms

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"verifycall/rooms/db"
)

// LinkMemory is how long a link of an erased room still says that its time is over,
// a test room's for TestLife. After it the link is as unknown as one that never was.
const LinkMemory = 30 * 24 * time.Hour

// EndLinks has Redis forget the links of a room that is erased. It may be done
// again; what of the record can't be read keeps nothing from being erased.
func (s *Store) EndLinks(ctx context.Context, r *Room) error {
	record, err := s.chain(ctx, "room:"+r.ID, ledgerRecord)
	var damaged *db.DamagedError
	if errors.As(err, &damaged) {
		s.log.Warn("the links of an erased room are not known and stay", "room", r.ID, "why", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("links of %s: %w", r.ID, err)
	}
	left := LinkMemory
	if r.Test {
		left = TestLife
	}
	for _, e := range record {
		if e.Type != typeLinkAdded {
			continue
		}
		if _, _, err := s.db.Write(ctx, "PEXPIRE", db.Prefix+"link:"+body(e.Body).text("link"), strconv.FormatInt(left.Milliseconds(), 10)); err != nil {
			return fmt.Errorf("links of %s: %w", r.ID, err)
		}
	}
	return nil
}
