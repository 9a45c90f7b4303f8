package signaling

import (
	"fmt"
	"net/http"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// Tombstone is what is left of erased evidence.
type Tombstone struct {
	At      time.Time `json:"at"`
	Classes []string  `json:"classes"`
	Policy  string    `json:"policy"` // of rooms.PurgePolicies
	By      string    `json:"by"`     // actor
}

// KeptRow is a room in the operator's list of what is kept. No personal value is
// in it.
type KeptRow struct {
	KeepingView
	Due time.Time `json:"due,omitzero"` // of the next purge; absent where none is to be
}

func (s *Server) retentionRoutes() map[string]door {
	return map[string]door{
		"GET /api/operate/keeping":             s.as(access.OperateKept, s.keptRooms),
		"POST /api/operate/nodes/{node}/drain": s.as(access.OperateDrain, s.drainNode),
	}
}

// keptRooms lists what is erased next, what is held, or what has been erased.
func (s *Server) keptRooms(w http.ResponseWriter, r *http.Request, _ session) error {
	query := rooms.Query{Cursor: r.FormValue("cursor"), Limit: pageSize}
	switch r.FormValue("part") {
	case "", "due":
		query.Due = true
	case "held":
		query.Held = true
	case "purged":
		query.Purged = true
	default:
		return malformed("There is no such part of the list.")
	}
	page, err := s.cfg.Rooms.List(r.Context(), query)
	if err != nil {
		return fmt.Errorf("list what is kept: %w", err)
	}
	rows := []KeptRow{}
	for _, room := range page.Rooms {
		if !room.Damaged {
			rows = append(rows, KeptRow{keepingOf(room), room.PurgeDue().UTC()})
		}
	}
	return writeJSON(w, http.StatusOK, map[string]any{"rooms": rows, "next": page.Next})
}

// tombstones reads what a room's custody ledger says of erasing.
func (s *Server) tombstones(r *http.Request, room *rooms.Room) ([]Tombstone, error) {
	list := []Tombstone{}
	if len(room.Purged) == 0 {
		return list, nil
	}
	custody, err := s.cfg.Rooms.CustodyLog(r.Context(), room.ID)
	if err != nil {
		return nil, fmt.Errorf("custody log: %w", err)
	}
	for _, e := range custody {
		if e.Type != "purged" {
			continue
		}
		stone := Tombstone{At: e.Time().UTC(), Classes: []string{}}
		stone.Policy, _ = e.Body["policy"].(string)
		stone.By, _ = e.Body["by"].(string)
		classes, _ := e.Body["classes"].([]any)
		for _, class := range classes {
			if text, ok := class.(string); ok {
				stone.Classes = append(stone.Classes, text)
			}
		}
		list = append(list, stone)
	}
	return list, nil
}

// alone names the only node in the address of its drain.
const alone = "self"

// drainNode lets a node finish its calls and take no new ones. It can't be taken
// back; the process is started anew.
func (s *Server) drainNode(w http.ResponseWriter, r *http.Request, who session) error {
	id, member := r.PathValue("node"), s.cfg.Nodes
	_, already := passed(r)
	switch {
	case member == nil && id != alone:
		return protocol.Faultf(protocol.CodeNotFound, "There is no such node.")
	case member != nil && id != member.ID():
		peer, there := member.Peer(id)
		if already || !there || !peer.Addr.IsValid() {
			return protocol.Faultf(protocol.CodeNotFound, "There is no such node, or it takes nothing from others.")
		}
		return s.relay.pass(w, r, peer, who.identity(r))
	}
	s.cfg.House.Drain()
	if member != nil {
		if err := member.Drain(r.Context()); err != nil {
			return &protocol.Fault{Code: protocol.CodeUnavailable, Message: "The node drains; the other nodes could not be told yet. Try again.", Err: err}
		}
	}
	s.log.Info("draining", "by", who.Subject)
	return writeJSON(w, http.StatusOK, map[string]any{"draining": true, "calls": s.cfg.House.Live()})
}
