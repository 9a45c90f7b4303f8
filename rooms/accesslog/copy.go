package accesslog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"verifycall/rooms/ledger"
)

// owe says that something of a segment is to be copied.
func (l *Log) owe(segment string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if segment != "" && !slices.Contains(l.owed, segment) {
		l.owed = append(l.owed, segment)
	}
}

// owes gives how many segments are to be copied.
func (l *Log) owes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.owed)
}

// nextOwed takes the segment that waits longest. What is written to it from now on
// owes it again.
func (l *Log) nextOwed() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	segment := l.owed[0]
	l.owed = l.owed[1:]
	return segment
}

func (l *Log) isWhole(segment string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.whole, segment)
}

// tooMany gives the segments that leave Redis, with the newest one begun.
func tooMany(segments []string) []string {
	return slices.Clone(segments[:max(0, len(segments)-keptSegments)])
}

// copyAll copies what is owed at every tick, and once more when the last entry is
// written; then it ends.
func (l *Log) copyAll(ctx context.Context, written <-chan struct{}) {
	tick := time.NewTicker(l.cfg.Every)
	defer tick.Stop()
	asked := false
	for {
		select {
		case <-tick.C:
			asked = l.round(ctx, asked)
		case <-written:
			l.copyOwed(ctx)
			return
		}
	}
}

// round is one tick's work. Until the days were asked for, a process before this one
// may have left something behind on any of them.
func (l *Log) round(ctx context.Context, asked bool) bool {
	ctx, cancel := context.WithTimeout(ctx, copyTime)
	defer cancel()
	text, err := l.cfg.DB.Plain(ctx, kept)
	if err != nil {
		l.cfg.Log.Warn("the days of the access ledger can't be read", "err", err)
	}
	segments := strings.Fields(text)
	if !asked {
		for _, segment := range segments {
			l.owe(segment)
		}
	}
	l.copyOwed(ctx)
	l.findWhole(ctx, tooMany(append(segments, "tomorrow")))
	return asked || err == nil
}

// copyOwed copies each segment that is owed, until ctx ends. What can't be copied
// stays owed, behind the others.
func (l *Log) copyOwed(ctx context.Context) {
	var failed []string
	var fault error
	for n := l.owes(); n > 0 && ctx.Err() == nil; n-- {
		segment := l.nextOwed()
		if err := l.copy(ctx, segment); err != nil {
			failed, fault = append(failed, segment), err
			l.owe(segment)
		}
	}
	if fault != nil {
		l.cfg.Log.Warn("the access ledger was not mirrored; it is tried again each minute", "days", failed, "err", fault)
	}
}

// copy brings to the mirror what it lacks of a segment.
func (l *Log) copy(ctx context.Context, segment string) error {
	head, err := l.cfg.DB.Head(ctx, aggregate(segment), chainName)
	if err != nil {
		return err
	}
	parts, err := partsOf(ctx, l.cfg.Mirror, segment)
	if err != nil {
		return err
	}
	have := int64(0)
	for _, p := range parts {
		have = max(have, p.to)
	}
	if have >= head.Seq {
		return nil
	}
	entries, err := l.cfg.DB.Chain(ctx, aggregate(segment), chainName)
	if err != nil {
		return err
	}
	for have < int64(len(entries)) {
		some := entries[have:min(have+maxPart, int64(len(entries)))]
		content, err := ledger.Lines(some)
		if err != nil {
			return err
		}
		last := some[len(some)-1]
		if err := l.cfg.Mirror.Put(ctx, part{have + 1, last.Seq, last.Hash[:32]}.name(segment), content); err != nil {
			return fmt.Errorf("mirror: %w", err)
		}
		have = last.Seq
	}
	return nil
}

// findWhole finds out which of the segments the mirror has whole. Nothing is added
// to them any more.
func (l *Log) findWhole(ctx context.Context, segments []string) {
	var whole []string
	for _, segment := range segments {
		if ctx.Err() != nil {
			return
		}
		is := l.isWhole(segment)
		if !is {
			is = l.ended(ctx, segment)
		}
		if is {
			whole = append(whole, segment)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.whole = whole
}

// ended says whether a segment's end in Redis is one in the mirror.
func (l *Log) ended(ctx context.Context, segment string) bool {
	head, err := l.cfg.DB.Head(ctx, aggregate(segment), chainName)
	if err != nil || head.Seq == 0 {
		return err == nil
	}
	parts, err := partsOf(ctx, l.cfg.Mirror, segment)
	return err == nil && slices.ContainsFunc(parts, func(p part) bool { return p.to == head.Seq && strings.HasPrefix(head.Hash, p.hash) })
}
