package signaling

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"verifycall/access"
	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/calendars"
	"verifycall/rooms/tickets"
	"verifycall/signaling/intake"
)

// linkLife is how long a seller's link works after the appointment: the result
// and a missed appointment are reached by it.
const linkLife = 14 * 24 * time.Hour

// readRequest reads the wish for a room, and gives its bytes too.
func readRequest(w http.ResponseWriter, r *http.Request) (intake.Request, []byte, error) {
	allowLongUpload(w)
	body, err := readBody(w, r, intake.MaxBody)
	if err != nil {
		return intake.Request{}, nil, err
	}
	n, err := intake.Decode(body, time.Now())
	return n, body, err
}

// CreateRoom makes the room that n asks for, as if it had come by HTTP but
// without a link, see SellerLink. actor is as rooms.Store.Create wants it.
func (s *Server) CreateRoom(ctx context.Context, actor string, n intake.Request) (*rooms.Room, error) {
	return s.createRoom(ctx, actor, n, rooms.NewRoomID(), "")
}

// createRoom checks the pictures and puts them into the evidence store before
// the ledger names them. token is that of the seller's link, if not empty.
func (s *Server) createRoom(ctx context.Context, actor string, n intake.Request, id, token string) (*rooms.Room, error) {
	at := time.Now()
	switch {
	case n.Book:
		at = time.Time{}
	case n.At != nil:
		at = *n.At
	}
	cmd := rooms.CreateRoom{ID: id, SellerName: n.SellerName(), SellerMail: n.Seller.Mail, Application: n.Application,
		Language: n.Language, Zone: n.Zone, At: at, Manager: n.Manager, Test: n.Test, Hints: n.Hints, Helper: n.Helper}
	profile, err := s.cfg.House.Plans().Profile(orElse(n.Profile, rooms.DefaultProfile))
	if err != nil {
		return nil, &protocol.Fault{Code: protocol.CodeMalformed, Message: "profile is none that this server knows.", Err: err}
	}
	if (profile.Code || profile.CodeStep) && cmd.SellerMail == "" && !cmd.Test {
		return nil, malformed("This profile wants a code by mail, so seller.mail is needed.")
	}
	cmd.Profile = profile
	if token != "" {
		cmd.Link = newLink(token, at)
	}
	for _, d := range n.Documents {
		p, err := s.checkPicture(ctx, d.Data)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(d.Data)
		cmd.Documents = append(cmd.Documents, rooms.Document{Kind: d.Kind, SHA256: hex.EncodeToString(sum[:]), Mime: p.Mime,
			Size: int64(len(d.Data)), Width: p.Width, Height: p.Height})
	}
	for i, d := range cmd.Documents {
		name := depot.DocumentName(id, d.SHA256, d.Mime)
		if _, err := s.cfg.Evidence.Put(ctx, vault.Room(id), vault.Documents, name, bytes.NewReader(n.Documents[i].Data)); err != nil {
			return nil, &protocol.Fault{Code: protocol.CodeNotStored, Message: "The documents could not be stored. Try again.", Err: err}
		}
	}
	room, err := s.cfg.Rooms.Create(ctx, actor, cmd)
	if err != nil {
		return nil, fmt.Errorf("make a room: %w", err)
	}
	s.log.Info("room made", "room", room.ID, "state", room.State, "test", room.Test, "documents", len(room.Documents))
	return room, nil
}

func newLink(token string, at time.Time) rooms.Link {
	from := at
	if now := time.Now(); now.After(from) {
		from = now
	}
	return rooms.Link{Hash: tickets.HashToken(token), Expires: from.Add(linkLife)}
}

// ReplaceLinks adds a link to a room and ends all before it: they are unknown then,
// and who came in by them is out, with open WebSockets within seconds.
func (s *Server) ReplaceLinks(ctx context.Context, actor string, room *rooms.Room) (string, error) {
	token := tickets.NewToken()
	room, err := s.cfg.Rooms.Do(ctx, room.ID, actor, rooms.ReplaceLinks{Link: newLink(token, room.At)})
	if err != nil {
		return "", fmt.Errorf("replace the links: %w", err)
	}
	if err := s.cfg.Rooms.Tickets.EndLinks(ctx, room.ID, room.LinksFrom); err != nil {
		return "", fmt.Errorf("replace the links: %w", err)
	}
	if room.SellerMail != "" { // a sealed record takes none any more, and the result is mailed then
		if _, err := s.cfg.Rooms.MailLink(ctx, room.ID); err != nil && !errors.Is(err, rooms.ErrElsewhere) {
			return "", fmt.Errorf("replace the links: %w", err)
		}
	}
	s.cfg.House.Refresh(room.ID)
	return s.link("/j/" + token), nil
}

// SellerLink adds a link to a room; earlier ones go on working.
func (s *Server) SellerLink(ctx context.Context, actor string, room *rooms.Room) (string, error) {
	token := tickets.NewToken()
	if _, err := s.cfg.Rooms.Do(ctx, room.ID, actor, rooms.AddLink{Link: newLink(token, room.At)}); err != nil {
		return "", fmt.Errorf("add a link: %w", err)
	}
	s.cfg.House.Refresh(room.ID)
	return s.link("/j/" + token), nil
}

// pickManager settles whose room it is: the account named, else for a test
// nobody's, else for a time to come somebody's who offers it or has it free, else
// the one with the first id. Where the seller books it is whose time is chosen.
func (s *Server) pickManager(ctx context.Context, n *intake.Request) error {
	if n.Manager != "" {
		account, err := s.cfg.Rooms.Accounts.Get(ctx, n.Manager)
		if errors.Is(err, rooms.ErrNotFound) || err == nil && account.Role != string(access.Manager) {
			return malformed("There is no account manager of this id.")
		}
		return err // nil where the account is there
	}
	if n.Test {
		n.Manager = robotManager
		return nil
	}
	if n.Book {
		return nil
	}
	managers, err := s.cfg.Rooms.Accounts.List(ctx, string(access.Manager))
	if err != nil {
		return fmt.Errorf("list managers: %w", err)
	}
	if len(managers) == 0 {
		return protocol.Faultf(protocol.CodeWrongState, "There is no account manager yet who could hold the call.")
	}
	n.Manager = managers[0].ID
	if n.At == nil || !n.At.After(time.Now()) {
		return nil
	}
	ids := make([]string, 0, len(managers))
	for _, m := range managers {
		ids = append(ids, m.ID)
	}
	list, err := s.cfg.Rooms.Calendars.Of(ctx, ids)
	if err != nil {
		return fmt.Errorf("who is free: %w", err)
	}
	for _, able := range []calendars.Candidates{list.Speaking(n.Language), list} {
		manager, found := able.Choose(*n.At, time.Now())
		if !found {
			manager, found = able.Spare(*n.At)
		}
		if found {
			n.Manager = manager
			return nil
		}
	}
	return nil
}

// checkPicture is intake.CheckPicture, one at a time in the whole server:
// decoding takes memory many times the file's size.
func (s *Server) checkPicture(ctx context.Context, data []byte) (intake.Picture, error) {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
		return intake.CheckPicture(data)
	case <-ctx.Done():
		return intake.Picture{}, ctx.Err()
	}
}
