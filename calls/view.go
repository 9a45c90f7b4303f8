package calls

import (
	"fmt"
	"slices"
	"time"

	"verifycall/calls/protocol"
	"verifycall/calls/views"
	"verifycall/rooms"
)

// view is the call as a role may see it. What staff alone may see is put in for
// a manager and never built for a seller.
func (c *Call) view(role protocol.Role) *protocol.State {
	r, document := c.room, c.document()
	you, peer := c.side(role), c.other(c.side(role))
	v := &protocol.State{
		Room: protocol.RoomView{ID: r.ID, State: r.State, At: r.At.UTC(), Zone: r.Zone, Language: r.Language,
			Document: document.Name, Format: document.Format, Test: r.Test, Cause: r.Cause},
		You: c.person(you), Step: r.Step, Steps: c.steps(role), Chat: views.Chat(r),
		Recording: you.recording != nil, Code: codeView(r), LiveSince: views.Since(r), Outcome: views.Outcome(r),
		Grace: int(c.grace().Seconds()), Relay: you.relayView(),
	}
	if peer.name != "" {
		p := c.person(peer)
		v.Peer = &p
	}
	if r.State == rooms.StateInterrupted {
		ends := r.GraceEnds.UTC()
		v.GraceEnds = &ends
	}
	if role == protocol.RoleSeller && r.Over() && !you.who.Proved {
		views.Strip(v)
	}
	if role == protocol.RoleManager {
		v.Staff = c.staff()
		v.Staff.Unstored = c.keptHere() // to staff alone: it would tell a seller of silent notes
	}
	return v
}

// grace is how long an interrupted call waits for its people.
func (c *Call) grace() time.Duration {
	if c.house.cfg.Grace > 0 {
		return c.house.cfg.Grace
	}
	return c.room.GraceTime()
}

func (c *Call) person(s *side) protocol.Person {
	notice := c.room.Notices[string(s.role)].Answer
	if before := c.room.State == rooms.StateBooked || c.room.State == rooms.StateWaiting; before && s.role == protocol.RoleManager && !c.room.Hosted() {
		notice = "" // of an earlier appointment: it is given anew
	}
	return protocol.Person{Role: s.role, Name: s.name, Zone: s.zone, Connected: s.seat != nil, Media: s.connected,
		Notice: notice, AudioOff: s.audioOff, VideoOff: s.videoOff, Uplink: s.uplink}
}

func (c *Call) staff() *protocol.Staff {
	r := c.room
	s := &protocol.Staff{
		Application: views.Application(r), Documents: views.Documents(r), Captures: views.Captures(r),
		Clips: views.Clips(r), Photos: views.Photos(r), Crops: views.Crops(r), Photo: c.photoProgress(), CanPhoto: c.seller.device.Photo && c.seller.seat != nil, Device: c.sellerDevice(), Tries: r.Tries,
		Compare: make([]protocol.CompareView, 0, len(protocol.Items)),
		Notes:   []protocol.NoteView{}, Flags: []protocol.NoteView{},
		Missing: c.missing(), CanCode: r.SellerMail != "", NewDevice: c.pending != nil,
	}
	for _, item := range slices.Concat(protocol.Items, protocol.FaceFeatures) {
		s.Compare = append(s.Compare, protocol.CompareView{Item: item, Decision: r.Compares[item].Decision, Typed: r.Text(r.Compares[item].Typed)})
	}
	for _, ref := range r.Notes {
		note := r.Note(ref)
		view := protocol.NoteView{At: ref.At, Code: note.Code, Text: note.Text}
		if note.Code == "" {
			s.Notes = append(s.Notes, view)
		} else {
			s.Flags = append(s.Flags, view)
		}
	}
	return s
}

// missing is what keeps pass locked: the room's own list, and the recorder's
// coverage of the seller's picture and sound.
func (c *Call) missing() []protocol.Missing {
	list := []protocol.Missing{}
	for _, m := range c.room.Missing() {
		list = append(list, protocol.Missing{Code: m.Code, Item: m.Item})
	}
	if c.room.Admitted.IsZero() {
		return list
	}
	coverage, floor := c.coverage(), c.house.floorOf(c.room)
	for _, track := range []string{"seller.video", "seller.audio"} {
		if coverage[track] < floor {
			list = append(list, protocol.Missing{Code: "coverage", Item: track, Need: floor})
		}
	}
	return list
}

// words says in plain words what is missing, with what a floor wants.
func words(list []protocol.Missing) string {
	text := ""
	for i, m := range list {
		if i > 0 {
			text += ", "
		}
		text += m.Code
		if m.Item != "" {
			text += " " + m.Item
		}
		if m.Need > 0 {
			text += fmt.Sprintf(" below %d.%d %%", m.Need/10, m.Need%10)
		}
	}
	return text
}

// sendRecorder shows the recorder's light to the manager.
func (c *Call) sendRecorder() {
	if c.manager.seat == nil {
		return
	}
	shares, light := c.coverage(), &protocol.Recorder{Tracks: []protocol.TrackStatus{}}
	for _, s := range []*side{&c.seller, &c.manager} {
		for _, t := range c.tracks(s) {
			light.Tracks = append(light.Tracks, protocol.TrackStatus{Participant: s.role, Kind: t.Kind, Bytes: t.Bytes,
				Coverage: shares[string(s.role)+"."+t.Kind], Gaps: t.Gaps, Cause: t.Cause, Failing: t.Failing})
		}
	}
	c.manager.seat.send("", light)
}
