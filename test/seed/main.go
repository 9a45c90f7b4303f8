// Seed fills the folders of a server that isn't running with decided rooms, as
// the demo's people would have made them over some weeks:
//
//	go run ./test/seed -data DIR -keys DIR [-rooms 40]
//
// Rooms that were sealed by the real code, without pictures, can be opened and
// verified; the names of theirs are printed as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"verifycall/calls"
	"verifycall/media"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/plan"
	"verifycall/rooms/staff"
)

func main() {
	data, keys := flag.String("data", "", "data `folder` of the server"), flag.String("keys", "", "keys `folder` of the server")
	count := flag.Int("rooms", 40, "rooms of the list")
	flag.Parse()
	if err := run(*data, *keys, *count); err != nil {
		fmt.Fprintln(os.Stderr, "seed:", err)
		os.Exit(1)
	}
}

// made are the rooms by what they are for.
type made struct {
	Blind     string   `json:"blind"`     // sealed, drawn by chance, open
	Flagged   string   `json:"flagged"`   // sealed, drawn for a silent flag
	Escalated string   `json:"escalated"` // sealed, waits for a second auditor
	Due       string   `json:"due"`       // sealed, its time is over soon
	Listed    []string `json:"listed"`    // without evidence

	Sellers map[string]seller `json:"sellers"` // by how their room ended: "fail", "upheld", "recapture", "refer", "no_show", "missed", "cancelled", "expired", "declined"
}

// seller is a room that its seller can look at.
type seller struct {
	Room  string `json:"room"`
	Token string `json:"token"` // of the link
}

// seeder makes rooms at a time of its choice.
type seeder struct {
	ctx   context.Context
	rooms *rooms.Store
	house *calls.House
	clock atomic.Int64 // ns since 1970
	link  rooms.Link   // of the next room, where not empty
}

func run(data, keyDir string, count int) (err error) {
	ctx := context.Background()
	s := &seeder{ctx: ctx}
	s.at(time.Now())
	keys, err := evidence.LoadOrCreateKeys(keyDir)
	if err != nil {
		return err
	}
	store, err := objects.OpenFS(filepath.Join(data, "store"))
	if err != nil {
		return err
	}
	defer closing(&err, store)
	v, err := vault.Open(store, keyDir)
	if err != nil {
		return err
	}
	s.rooms, err = rooms.Open(ctx, rooms.Options{Dir: filepath.Join(data, "rooms"), Signer: keys, Mirror: evidence.Mirror{Store: store}, Keys: v,
		Now: func() time.Time { return time.Unix(0, s.clock.Load()) }})
	if err != nil {
		return err
	}
	defer closing(&err, s.rooms)
	node, err := media.NewNode(media.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer closing(&err, node)
	s.house = calls.NewHouse(calls.Config{Rooms: s.rooms, Media: node, Evidence: v, Keys: keys, Scratch: filepath.Join(data, "scratch"),
		Log: slog.New(slog.DiscardHandler)})
	defer func() { err = errors.Join(err, s.house.Close(ctx)) }()
	return s.all(count)
}

func closing(err *error, c io.Closer) { *err = errors.Join(*err, c.Close()) }

func (s *seeder) at(t time.Time) { s.clock.Store(t.UnixNano()) }

func (s *seeder) all(count int) error {
	for _, a := range []staff.Account{
		{ID: "manager-1", Name: "Jonas Weber", Role: "manager", Zone: "Europe/Berlin", Languages: []string{"en", "de"}},
		{ID: "manager-2", Name: "Sabine Kowal", Role: "manager", Zone: "Europe/Berlin", Languages: []string{"de", "en"}},
		{ID: "manager-3", Name: "Amara Diallo", Role: "manager", Zone: "Europe/Paris", Languages: []string{"en", "es"}},
		{ID: "auditor-1", Name: "Ruth Adler", Role: "auditor", Zone: "Europe/Berlin", Languages: []string{"en", "de"}},
		{ID: "auditor-2", Name: "Amir Osman", Role: "auditor", Zone: "Europe/Berlin", Languages: []string{"en"}},
	} {
		if err := s.rooms.Accounts.Put(s.ctx, "system", a); err != nil {
			return err
		}
	}
	var out made
	for i := range count {
		id, err := s.listed(i)
		if err != nil {
			return err
		}
		out.Listed = append(out.Listed, id)
	}
	for _, sealed := range []struct {
		into *string
		flag string
		then []rooms.Command
	}{
		{&out.Blind, "", []rooms.Command{rooms.TakeSample{Sample: "Sseed", Seed: strings.Repeat("5e", 32), Of: 1, Population: strings.Repeat("ed", 32)}}},
		{&out.Flagged, "S_COERCION", nil},
		{&out.Escalated, "S_FRAUD", []rooms.Command{rooms.GiveReview{Who: "auditor-2", Decision: rooms.ReviewEscalate, Reasons: []string{"M_FACE_DOUBT"}, Note: "The ears differ, I want a second look."}}},
		{&out.Due, "", nil},
	} {
		id, err := s.sealed(sealed.flag, verdict[0], sealed.then)
		if err != nil {
			return err
		}
		*sealed.into = id
	}
	var err error
	if out.Sellers, err = s.sellers(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

var (
	given   = []string{"Anna Maria", "Noor", "Devon", "Mei-Lin", "Gustav", "Marta", "Oskar", "Tomasz", "Inga", "Rafael", "Chiara", "Henrik", "Lucía"}
	surname = []string{"Eriksson", "Haddad", "Achterberg", "Castellan", "Brandl", "Oyelaran", "Lindqvist", "Wren", "Sørbakk", "Montoya", "Bellandi"}
	verdict = []rooms.GiveVerdict{
		{Verdict: rooms.VerdictFail, Reasons: []string{"D_COPY_OR_SCREEN"}}, {Verdict: rooms.VerdictRecapture, Reasons: []string{"Q_GLARE"}},
		{Verdict: rooms.VerdictFail, Reasons: []string{"D_EXPIRED"}}, {Verdict: rooms.VerdictRefer, Reasons: []string{"M_AUTHORITY"}},
		{Verdict: rooms.VerdictRecapture, Reasons: []string{"Q_BLUR", "Q_CROPPED"}}, {Verdict: rooms.VerdictAbort, Reasons: []string{"C_THIRD_PERSON"}},
		{Verdict: rooms.VerdictFail, Reasons: []string{"M_FACE_DOUBT"}},
	}
	digest = strings.Repeat("5d", 32)
)

// to is a decided room with what was said in its call.
func (s *seeder) to(i int, when time.Time, v rooms.GiveVerdict, more ...rooms.Command) (*rooms.Room, error) {
	s.at(when)
	name := given[i%len(given)] + " " + surname[i%len(surname)]
	r, err := s.rooms.Create(s.ctx, "system", rooms.CreateRoom{SellerName: name, SellerMail: fmt.Sprintf("seller%d@example.org", i), Language: []string{"en", "de", "es"}[i%3],
		Zone: "America/Toronto", At: when, Manager: fmt.Sprintf("manager-%d", 1+i%3), Link: s.link, Application: map[string]string{"surname": surname[i%len(surname)], "given_names": given[i%len(given)]}})
	if err != nil {
		return nil, err
	}
	profile, err := plan.Default().Profile(rooms.DefaultProfile)
	if err != nil {
		return nil, err
	}
	list := []rooms.Command{
		rooms.DrawPlan{Nonce: strings.Repeat("0d", plan.NonceSize), By: rooms.Seller, Profile: profile, Document: plan.Default().Document("id_card")},
		rooms.GiveNotice{Who: rooms.Seller, Version: "2026-11", Language: "en", Agree: true}, rooms.EnterWaiting{},
		rooms.GiveNotice{Who: rooms.Manager, Version: "2026-11", Language: "en", Agree: true}, rooms.Admit{},
	}
	for _, c := range list {
		if r, err = s.rooms.Do(s.ctx, r.ID, "system", c); err != nil {
			return nil, err
		}
	}
	for j, step := range r.Steps {
		s.at(when.Add(time.Duration(20+25*j) * time.Second))
		for _, c := range []rooms.Command{rooms.ShowStep{Step: step.Code}, rooms.FinishStep{Step: step.Code, Result: []string{rooms.StepDone, rooms.StepDone, rooms.StepFailed}[j%3]}} {
			if _, isStep := c.(rooms.FinishStep); isStep && (step.Kind == plan.KindCapture || step.Kind == plan.KindCompare) {
				continue
			}
			if _, err = s.rooms.Do(s.ctx, r.ID, r.Manager, c); err != nil {
				return nil, err
			}
		}
	}
	v.Coverage = map[string]int{"seller.video": 960 + (7*i)%41, "seller.audio": 990}
	more = append(append([]rooms.Command{rooms.SendChat{From: rooms.Seller, Text: "Is the light good like this?"}, rooms.DecideCompare{Item: "name", Decision: rooms.DecisionDifferent, Typed: "Erikson"},
		rooms.WriteNote{Text: "Looked aside twice."}}, more...), rooms.EndCall{Cause: "hangup_seller"}, v)
	for j, c := range more {
		s.at(when.Add(time.Duration(240+10*j) * time.Second))
		if r, err = s.rooms.Do(s.ctx, r.ID, "manager:"+r.Manager, c); err != nil {
			return nil, fmt.Errorf("%T: %w", c, err)
		}
	}
	return r, nil
}

// listed makes a room without evidence, most of them reviewed.
func (s *seeder) listed(i int) (string, error) {
	when := time.Now().Add(-time.Duration(i)*29*time.Hour - 2*time.Hour)
	var more []rooms.Command
	if i%7 == 3 {
		more = append(more, rooms.WriteNote{Code: []string{"S_COERCION", "S_SUSPECTED_INJECTION"}[i%2]})
	}
	v := verdict[i%len(verdict)]
	r, err := s.to(i, when, v, more...)
	if err != nil {
		return "", err
	}
	if r, err = s.rooms.Do(s.ctx, r.ID, "system", rooms.Seal{Facts: map[string]any{}}); err != nil {
		return "", err
	}
	if r, err = s.rooms.Do(s.ctx, r.ID, "system", rooms.OpenReviewed{OpenCustody: rooms.OpenCustody{Bundle: digest, RecordHead: r.Record}}); err != nil {
		return "", err
	}
	s.at(when.Add(20 * time.Hour))
	if i < 12 { // waits
		return r.ID, nil
	}
	if r.Review == nil {
		_, err = s.rooms.Do(s.ctx, r.ID, "auditor:auditor-1", rooms.TakeSample{Sample: "Sseed", Seed: strings.Repeat("5e", 32), Of: count(i), Population: digest})
	}
	if err == nil {
		_, err = s.rooms.Do(s.ctx, r.ID, fmt.Sprintf("auditor:auditor-%d", 1+i%2), s.opinion(i, v))
	}
	return r.ID, err
}

func count(i int) int { return 20 + i }

// opinion agrees four times of five.
func (s *seeder) opinion(i int, v rooms.GiveVerdict) rooms.GiveReview {
	decision := map[string]string{rooms.VerdictFail: rooms.ReviewReject, rooms.VerdictRecapture: rooms.ReviewRecapture}[v.Verdict]
	if decision == "" || i%5 == 0 {
		decision = rooms.ReviewApprove
	}
	return rooms.GiveReview{Who: fmt.Sprintf("auditor-%d", 1+i%2), Decision: decision, Reasons: v.Reasons, Note: "Seen twice."}
}

// sealed makes a room of today that the real code seals.
func (s *seeder) sealed(flag string, v rooms.GiveVerdict, then []rooms.Command) (string, error) {
	var more []rooms.Command
	if flag != "" {
		more = append(more, rooms.WriteNote{Code: flag, Text: "Somebody whispers behind the camera."})
	}
	r, err := s.to(0, time.Now().Add(-30*time.Minute), v, more...)
	if err != nil {
		return "", err
	}
	if err := s.house.Recover(s.ctx); err != nil {
		return "", err
	}
	for r.Bundle == "" {
		time.Sleep(5 * time.Millisecond)
		if r, err = s.rooms.Load(s.ctx, r.ID); err != nil {
			return "", err
		}
	}
	for _, c := range then {
		if _, err := s.rooms.Do(s.ctx, r.ID, "auditor:auditor-2", c); err != nil {
			return "", err
		}
	}
	return r.ID, nil
}
