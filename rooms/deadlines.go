package rooms

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

const due = "due" // the index of deadlines

// timerMoves is what leads from one set of a room's deadlines to another.
func timerMoves(room string, before, after map[string]int64) []db.Move {
	var list []db.Move
	for kind := range before {
		if _, stays := after[kind]; !stays {
			list = append(list, db.Move{Index: due, Member: room + "/" + kind, Out: true})
		}
	}
	for kind, at := range after {
		if old, was := before[kind]; !was || old != at {
			list = append(list, db.Move{Index: due, Member: room + "/" + kind, Score: at})
		}
	}
	return list
}

// onDeadline is the command that a deadline of a kind brings.
func onDeadline(kind string) Command {
	switch kind {
	case "expire":
		return Expire{}
	case "missed":
		return Miss{}
	case "grace":
		return EndGrace{}
	case "close":
		return CloseRoom{}
	case "purge":
		return BeginPurge{}
	case "queue":
		return LeaveQueue{Cause: "away"}
	}
	return Remind{Kind: kind}
}

// fireBatch bounds how many deadlines one FireDue takes up.
const fireBatch = 100

// FireDue does what is due now, and gives the rooms that changed. Any number of
// nodes may do so at once: a deadline goes out of the index in the commit that it
// brings, and that commit stands on the head it was decided on, so it happens
// once, whichever node dies in between.
func (s *Store) FireDue(ctx context.Context) (rooms []string, err error) {
	list, err := s.db.Client.ZRangeByScoreWithScores(ctx, db.Prefix+"index:"+due,
		&redis.ZRangeBy{Min: "-inf", Max: strconv.FormatInt(s.now().UnixMilli(), 10), Count: fireBatch}).Result()
	if err != nil {
		return nil, fmt.Errorf("deadlines: %w", err)
	}
	var faults []error
	for _, z := range list {
		member, _ := z.Member.(string)
		room, kind, _ := strings.Cut(member, "/")
		if s.Pending(room) > 0 { // the next look finds it again, behind what waits here
			continue
		}
		r, err := s.fire(ctx, room, kind, z.Score)
		if errors.Is(err, ErrElsewhere) || errors.Is(err, ErrFenced) { // the next look finds it again, if its node doesn't
			continue
		}
		var illegal *TransitionError
		if errors.As(err, &illegal) { // moved on at the same moment
			r, err = s.Load(ctx, room)
		}
		switch {
		case err == nil && illegal == nil:
			rooms = append(rooms, room)
		case errors.Is(err, ErrNotFound): // its room is erased
			r, err = &Room{}, nil
		}
		faults = append(faults, err, s.tidy(ctx, z, r, kind))
	}
	return rooms, errors.Join(faults...)
}

// yieldTime is how long a deadline is left to the node that has the room. One that
// it hasn't brought about by then is brought about by any.
const yieldTime = 2 * time.Minute

// fire does what a room's deadline of a kind brings, whose time was at score.
// Errors: ErrElsewhere, and those of Do.
func (s *Store) fire(ctx context.Context, room, kind string, score float64) (*Room, error) {
	if s.now().Sub(time.UnixMilli(int64(score))) > yieldTime {
		return s.Do(ctx, room, "system", onDeadline(kind))
	}
	r, err := s.Load(ctx, room)
	if err != nil {
		return nil, err
	}
	mine, err := s.yield(ctx, r)
	if err != nil {
		return nil, err
	}
	return s.Do(ctx, room, "system", onDeadline(kind), mine)
}

// tidy sees to a deadline that was taken up and still stands as it was: what the
// room, nil for one that isn't known, doesn't wait for any more goes out, what it
// waits for at another time gets that time, and what couldn't be done is out of
// the way for a minute. One that stands elsewhere by now is left alone.
func (s *Store) tidy(ctx context.Context, z redis.Z, r *Room, kind string) error {
	member, _ := z.Member.(string)
	until := s.now().Add(time.Minute).UnixMilli()
	if r != nil {
		at, waits := deadlines(r)[kind]
		switch {
		case !waits:
			until = 0
		case at > s.now().UnixMilli():
			until = at
		}
	}
	_, err := s.db.Shift(ctx, due, member, int64(z.Score), until)
	return err
}
