package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/cmd/verifycall/accounts"
	"verifycall/cmd/verifycall/lan"
	"verifycall/cmd/verifycall/settings"
	"verifycall/rooms"
	"verifycall/rooms/calendar"
	"verifycall/rooms/staff"
	"verifycall/rooms/tickets"
	"verifycall/signaling"
	"verifycall/signaling/intake"
)

// The seller's filed documents: a drawn specimen of a country that doesn't exist.
var (
	//go:embed demo/id-front.jpg
	demoFront []byte
	//go:embed demo/id-back.jpg
	demoBack []byte
)

// demoLife is how long the demo's links, key and memory of its room last.
const demoLife = 30 * 24 * time.Hour

// overShoulders is how long a link of staff is good, once, where others than this
// machine could use it.
const overShoulders = 15 * time.Minute

// The ticket that remembers the demo's room between starts.
const (
	kindDemo = "demo"
	demoRoom = "room"
)

var (
	demoManager = staff.Account{ID: "manager-1", Name: "Jonas Weber", Role: string(protocol.RoleManager),
		Zone: "Europe/Berlin", Languages: []string{"en", "de"}}
	demoOperator = staff.Account{ID: "operator-1", Name: "Olga Petrova", Role: string(access.Operator),
		Zone: "Europe/Berlin", Languages: []string{"en", "de"}}
	demoAuditor = staff.Account{ID: "auditor-1", Name: "Ruth Adler", Role: string(protocol.RoleAuditor),
		Zone: "Europe/Berlin", Languages: []string{"en", "de"}}
)

func demoRequest() intake.Request {
	return intake.Request{
		Seller:   intake.Seller{Name: "Anna Maria Eriksson", Mail: "anna@example.org"},
		Language: "en", Zone: "America/Toronto", Manager: demoManager.ID,
		Application: map[string]string{
			"surname": "Eriksson", "given_names": "Anna Maria", "birth_date": "1974-08-12",
			"document_type": "ID card (ID-2), Utopia", "document_number": "D23145890", "expiry_date": "2031-04-15",
			"address": "12 Harbour Street, Port Utopia 4410", "business": "Eriksson Ceramics, sole trader",
		},
		Hints:     []string{"new_bank_account", "address_used_twice", "contact_confirmed"},
		Documents: []intake.Document{{Kind: "id_front", Data: demoFront}, {Kind: "id_back", Data: demoBack}},
	}
}

// seedDemo makes the demo's marketplace, or takes up that of an earlier start,
// and prints its links and key, name first, one a line; on the local network what
// a phone needs, too.
func (n *node) seedDemo(ctx context.Context, out io.Writer) error {
	store, public := n.Rooms, n.public
	for _, account := range []staff.Account{demoManager, demoAuditor, demoOperator} {
		if err := store.Accounts.Put(ctx, "system", account); err != nil {
			return err
		}
	}
	if err := demoHours(ctx, store); err != nil {
		return err
	}
	manager, err := n.demoLink(ctx, demoManager)
	if err != nil {
		return err
	}
	auditor, err := n.demoLink(ctx, demoAuditor)
	if err != nil {
		return err
	}
	operator, err := n.demoLink(ctx, demoOperator)
	if err != nil {
		return err
	}
	seller, err := demoSeller(ctx, store, n.edge)
	if err != nil {
		return err
	}
	key, err := signaling.NewAPIKey(ctx, store, "demo", access.Scopes, demoLife)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "manager %s\nauditor %s\noperator %s\nseller %s\napikey %s\n", manager, auditor, operator, seller, key)
	if err == nil && n.post.token != "" {
		_, err = fmt.Fprintf(out, "mail %s://%s/mails/%s\n", public.Scheme, public.Host, n.post.token)
	}
	if err == nil && n.authority != nil {
		_, err = fmt.Fprintf(out, "ca %s://%s%s\nfingerprint %s\n", public.Scheme, public.Host, signaling.AuthorityPath, n.authority.Fingerprint())
	}
	if err != nil || !n.cfg.LAN {
		return err
	}
	code, err := lan.Code(seller)
	if err == nil {
		_, err = io.WriteString(out, code)
	}
	return err
}

// demoLink makes a link that signs in as staff: as often as one likes where it works
// on this machine alone, else once.
func (n *node) demoLink(ctx context.Context, account staff.Account) (string, error) {
	if !n.cfg.LAN {
		return accounts.StaffLink(ctx, n.Rooms, n.public, account, demoLife)
	}
	return signaling.NewSignInLink(ctx, n.Rooms, n.public, tickets.Ticket{Role: account.Role, Subject: account.ID}, overShoulders)
}

// signForLAN opens the demo's authority, has it sign for this machine's address, and
// sets the certificate.
func signForLAN(c *settings.Settings) (*lan.Authority, error) {
	now := time.Now()
	a, err := lan.Open(filepath.Join(c.Data, "lan"), c.LANAddress, now)
	if err != nil {
		return nil, err
	}
	c.TLSCert, c.TLSKey, err = a.Sign(c.LANAddress, now)
	return a, err
}

// demoHours opens the demo's calendar, unless it has hours already.
func demoHours(ctx context.Context, store *rooms.Store) error {
	c, err := store.Calendars.Get(ctx, demoManager.ID)
	if err != nil || len(c.Hours) > 0 {
		return err
	}
	terms := c.Availability
	terms.Languages, terms.MaxCalls, terms.Buffer = demoManager.Languages, 12, 10
	for day := range 7 {
		terms.Hours = append(terms.Hours, calendar.Span{Day: day, From: 8 * 60, To: 20 * 60})
		terms.Breaks = append(terms.Breaks, calendar.Span{Day: day, From: 12 * 60, To: 13 * 60})
	}
	return store.Calendars.Set(ctx, "system", demoManager.ID, terms)
}

// demoSeller gives a fresh link to the demo's room, which is made anew once the
// earlier one has ended. Links printed before go on working.
func demoSeller(ctx context.Context, store *rooms.Store, edge *signaling.Server) (string, error) {
	room, err := earlierRoom(ctx, store)
	if err != nil {
		return "", err
	}
	if room == nil {
		if room, err = edge.CreateRoom(ctx, "system", demoRequest()); err != nil {
			return "", err
		}
		if err := store.Tickets.Put(ctx, kindDemo, demoRoom, tickets.Ticket{Room: room.ID}, demoLife); err != nil {
			return "", err
		}
	}
	return edge.SellerLink(ctx, "system", room)
}

// earlierRoom gives the room of an earlier start while its call can still be
// held, or nil.
func earlierRoom(ctx context.Context, store *rooms.Store) (*rooms.Room, error) {
	t, err := store.Tickets.Get(ctx, kindDemo, demoRoom)
	if errors.Is(err, rooms.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	room, err := store.Load(ctx, t.Room)
	if errors.Is(err, rooms.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if room.Manager != demoManager.ID {
		return nil, nil
	}
	switch room.State {
	case rooms.StateInvited, rooms.StateBooked, rooms.StateWaiting, rooms.StateLive, rooms.StateInterrupted:
		return room, nil
	}
	return nil, nil
}
