package signaling

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/rooms"
)

// KeepingView is what an operator sees of a room's evidence: until when it is kept,
// what holds it and what is erased. It has no personal value.
type KeepingView struct {
	Room    string          `json:"room"`
	State   string          `json:"state"`
	Kept    []evidence.Kept `json:"kept"` // what is not erased and has an end
	Hold    *rooms.Hold     `json:"hold"`
	Placed  bool            `json:"placed"` // the store has been told of the hold
	Purging *rooms.Purge    `json:"purging"`
	Purged  []string        `json:"purged"`

	Tombstones []Tombstone `json:"tombstones"` // of one room alone, oldest first
}

func (s *Server) keepingRoutes() map[string]door {
	return map[string]door{
		"GET /api/operate/rooms/{id}/keeping":  s.as(access.OperateKeeping, s.roomKeeping),
		"POST /api/operate/rooms/{id}/hold":    s.as(access.OperateKeeping, s.holdRoom),
		"POST /api/operate/rooms/{id}/release": s.as(access.OperateKeeping, s.releaseRoom),
		"POST /api/operate/rooms/{id}/purge":   s.as(access.OperateKeeping, s.purgeRoom),
		"GET /api/seller/receipt":              s.as(access.SellerReceipt, s.sellerReceipt),
		"GET /api/deletions/{room}/{record}":   public(s.deletion),
	}
}

func keptOf(room *rooms.Room) []evidence.Kept {
	kept := []evidence.Kept{}
	for _, class := range rooms.Classes {
		if until := room.KeptUntil(class); !until.IsZero() && !slices.Contains(room.Purged, class) {
			kept = append(kept, evidence.Kept{Class: class, Until: until.UTC()})
		}
	}
	return kept
}

func keepingOf(room *rooms.Room) KeepingView {
	return KeepingView{Room: room.ID, State: room.State, Kept: keptOf(room), Hold: room.Hold, Placed: room.Placed,
		Purging: room.Purging, Purged: orEmpty(room.Purged), Tombstones: []Tombstone{}}
}

func (s *Server) showKeeping(w http.ResponseWriter, r *http.Request, room *rooms.Room) (err error) {
	view := keepingOf(room)
	if view.Tombstones, err = s.tombstones(r, room); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, view)
}

func (s *Server) roomKeeping(w http.ResponseWriter, r *http.Request, who session) error {
	return s.showKeeping(w, r, who.at)
}

func (s *Server) holdRoom(w http.ResponseWriter, r *http.Request, who session) error {
	var body struct {
		Reason string `json:"reason"`
	}
	if err := readSmall(w, r, &body); err != nil {
		return err
	}
	return s.changeKeeping(w, r, who, rooms.PlaceHold{Reason: body.Reason})
}

func (s *Server) releaseRoom(w http.ResponseWriter, r *http.Request, who session) error {
	return s.changeKeeping(w, r, who, rooms.ReleaseHold{})
}

// purgeRoom erases before the time is over, for a reason.
func (s *Server) purgeRoom(w http.ResponseWriter, r *http.Request, who session) error {
	var body struct {
		Classes []string `json:"classes"`
		Reason  string   `json:"reason"`
	}
	if err := readSmall(w, r, &body); err != nil {
		return err
	}
	if len(body.Classes) == 0 || body.Reason == rooms.PolicyRetention || body.Reason == rooms.PolicyTest {
		return malformed("Say which classes to erase, and why.")
	}
	return s.changeKeeping(w, r, who, rooms.BeginPurge{Classes: body.Classes, Policy: body.Reason})
}

// changeKeeping decides, and leaves what the store has to be told to the House.
func (s *Server) changeKeeping(w http.ResponseWriter, r *http.Request, who session, c rooms.Command) error {
	room, err := s.cfg.Rooms.Do(r.Context(), who.at.ID, actorOf(who), c)
	var illegal *rooms.TransitionError
	if errors.As(err, &illegal) {
		return &protocol.Fault{Code: protocol.CodeWrongState, Message: "This can't be done to the record now: it isn't over and decided, is held, or is being erased.", Err: err}
	}
	if err != nil {
		return err
	}
	return s.showKeeping(w, r, room)
}

// sellerReceipt gives the seller a paper of what is kept.
func (s *Server) sellerReceipt(w http.ResponseWriter, r *http.Request, who session) error {
	room := who.at
	if len(keptOf(room)) == 0 || !room.Admitted.IsZero() && room.Bundle == "" && room.Verdict != "" {
		return protocol.Faultf(protocol.CodeWrongState, "The receipt is ready once the record is sealed.")
	}
	by := s.cfg.Public.String()
	receipt, err := s.cfg.Keys.SignReceipt(evidence.Receipt{Room: room.ID, By: by, Issued: time.Now().UTC().Truncate(time.Second), Kept: keptOf(room),
		Record: room.Record.Hash, Bundle: room.Bundle, Deletion: by + "/api/deletions/" + room.ID + "/" + room.Record.Hash})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+room.ID+`-receipt.json"`)
	return writeJSON(w, http.StatusOK, receipt)
}

// deletion proves to whoever has the receipt what of it is deleted. The hash on the
// receipt can't be guessed.
func (s *Server) deletion(w http.ResponseWriter, r *http.Request) error {
	room, err := s.cfg.Rooms.Load(r.Context(), r.PathValue("room"))
	if err != nil {
		return err
	}
	if room.Record.Hash != r.PathValue("record") || len(room.Purged) == 0 {
		return protocol.Faultf(protocol.CodeNotFound, "Nothing that this receipt names is deleted.")
	}
	custody, err := s.cfg.Rooms.CustodyLog(r.Context(), room.ID)
	if err != nil {
		return err
	}
	proof, err := evidence.DeletionOf(room.ID, custody)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, proof)
}
