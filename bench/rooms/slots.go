package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"verifycall/rooms"
	"verifycall/rooms/calendar"
	"verifycall/rooms/staff"
)

// The page of slots is measured over so many managers, of whose time about a third
// is taken.
const (
	managers   = 200
	heldOfEach = 70
	pages      = 200
)

// oneKey encrypts the personal values of all rooms: keys are not measured here.
type oneKey struct{ cipher.AEAD }

// ValueKey implements db.Keys.
func (k oneKey) ValueKey(context.Context, string, bool) (cipher.AEAD, error) { return k.AEAD, nil }

func newOneKey() oneKey {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic(err) // a constant length
	}
	key, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return oneKey{key}
}

// slots measures what a seller's page of free times costs: 200 managers, 14 days.
// Before every tenth page an appointment is made, so that a calendar is read anew.
func slots(ctx context.Context, on string, o rooms.Options, out *json.Encoder) (err error) {
	s, err := rooms.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	zones := []string{"Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"}
	for m := range managers {
		zone := zones[m%len(zones)]
		id := fmt.Sprint("m", m)
		if err := s.Accounts.Put(ctx, "system", staff.Account{ID: id, Name: "Manager " + id, Role: "manager", Zone: zone}); err != nil {
			return err
		}
		a := calendar.Default(zone)
		a.Languages, a.Buffer, a.MaxCalls = []string{"en", "de"}, 10, 12
		for day := range 7 {
			a.Hours = append(a.Hours, calendar.Span{Day: day, From: 8 * 60, To: 18 * 60})
			a.Breaks = append(a.Breaks, calendar.Span{Day: day, From: 12 * 60, To: 13 * 60})
		}
		if err := s.Calendars.Set(ctx, "system", id, a); err != nil {
			return err
		}
	}
	seller, err := s.Create(ctx, "system", rooms.CreateRoom{SellerName: "A", SellerMail: "a@example.org", Language: "en", Zone: "America/Toronto"})
	if err != nil {
		return err
	}
	if err := hold(ctx, s); err != nil {
		return err
	}
	var took []time.Duration
	found := 0
	for n := range pages {
		if n%10 == 0 {
			if err := appoint(ctx, s, n%managers, n); err != nil {
				return err
			}
		}
		began := time.Now()
		list, err := s.Offers(ctx, seller, "")
		took = append(took, time.Since(began))
		if err != nil {
			return err
		}
		if found = len(list); found == 0 {
			return errors.New("no slots")
		}
	}
	slices.Sort(took)
	ms := func(q float64) float64 {
		return math.Round(took[int(q*float64(len(took)-1))].Seconds()*1e5) / 100
	}
	return out.Encode(map[string]any{"name": "slots_page_ms", "on": on, "managers": managers, "days": 14, "slots": found,
		"p50": ms(0.5), "p95": ms(0.95), "n": len(took)})
}

// hold takes a part of all managers' time.
func hold(ctx context.Context, s *rooms.Store) error {
	faults := make([]error, 8)
	var workers sync.WaitGroup
	for w := range faults {
		workers.Go(func() {
			for m := w; m < managers && faults[w] == nil; m += len(faults) {
				for n := range heldOfEach {
					faults[w] = errors.Join(faults[w], appoint(ctx, s, m, n))
				}
			}
		})
	}
	workers.Wait()
	return errors.Join(faults...)
}

// appoint makes a room with an appointment of a manager.
func appoint(ctx context.Context, s *rooms.Store, manager, n int) error {
	at := time.Now().Truncate(time.Hour).Add(3*time.Hour + time.Duration(n*5)*time.Hour)
	_, err := s.Create(ctx, "system", rooms.CreateRoom{SellerName: "B", Language: "en", Zone: "America/Toronto", At: at, Manager: fmt.Sprint("m", manager)})
	return err
}
