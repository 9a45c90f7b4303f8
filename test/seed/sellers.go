package main

import (
	"time"

	"verifycall/rooms"
	"verifycall/rooms/tickets"
)

// token makes the link of the next room.
func (s *seeder) token() string {
	token := tickets.NewToken()
	s.link = rooms.Link{Hash: tickets.HashToken(token), Expires: time.Now().Add(14 * 24 * time.Hour)}
	return token
}

// sellers makes rooms in the states that a seller can find one in after it is over.
func (s *seeder) sellers() (map[string]seller, error) {
	defer func() { s.link = rooms.Link{} }()
	list := map[string]seller{}
	for name, v := range map[string]rooms.GiveVerdict{
		"fail":      {Verdict: rooms.VerdictFail, Reasons: []string{"M_NAME", "D_EXPIRED"}, Line: "The card ran out in May."},
		"upheld":    {Verdict: rooms.VerdictFail, Reasons: []string{"D_COPY_OR_SCREEN"}},
		"recapture": {Verdict: rooms.VerdictRecapture, Reasons: []string{"Q_GLARE", "Q_CROPPED"}, Repeat: []string{"DOC_FRONT", "DOC_BACK"}},
		"refer":     {Verdict: rooms.VerdictRefer, Reasons: []string{"M_AUTHORITY"}},
	} {
		for { // until the lot leaves it alone: a blind review hides that there is an appeal
			token := s.token()
			id, err := s.sealed("", v, nil)
			if err != nil {
				return nil, err
			}
			r, err := s.rooms.Load(s.ctx, id)
			if err != nil {
				return nil, err
			}
			if list[name] = (seller{id, token}); r.Review == nil || name == "refer" {
				break
			}
		}
	}
	for name, commands := range map[string][]rooms.Command{
		"no_show":   {rooms.NoShow{Who: rooms.Seller}},
		"missed":    {rooms.NoShow{Who: rooms.Manager}},
		"cancelled": {rooms.Cancel{By: rooms.Manager}},
		"expired":   {rooms.Expire{}},
		"declined":  {rooms.GiveNotice{Who: rooms.Seller, Version: "2026-11", Language: "en", Agree: false}},
		"withdrawn": {rooms.GiveNotice{Who: rooms.Seller, Version: "2026-11", Language: "en", Agree: true}, rooms.WithdrawNotice{Who: rooms.Seller}, rooms.Abort{Reason: rooms.NoConsent}},
	} {
		token := s.token()
		s.at(time.Now().Add(-30 * time.Minute))
		at := time.Now().Add(-20 * time.Minute)
		if name == "expired" {
			at = time.Time{} // nobody has booked
		}
		r, err := s.rooms.Create(s.ctx, "system", rooms.CreateRoom{SellerName: "Anna Maria Eriksson", SellerMail: name + "@example.org", Language: "en", Zone: "America/Toronto",
			At: at, Manager: "manager-1", Application: map[string]string{"surname": "Eriksson"}, Link: s.link})
		if err != nil {
			return nil, err
		}
		s.at(time.Now())
		for _, c := range commands {
			if _, err := s.rooms.Do(s.ctx, r.ID, "system", c); err != nil {
				return nil, err
			}
		}
		list[name] = seller{r.ID, token}
	}
	return list, nil
}
