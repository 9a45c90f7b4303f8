package signaling

import (
	"net/http"
	"strings"
	"testing"

	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// A decided room stands among what is due, held where it is held, and with its
// tombstone once it is erased; no name of a seller is on any of the lists.
func TestOperatorsRetention(t *testing.T) {
	s := openSite(t, nil)
	id, _ := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	s.decide(id)
	s.seal(id)
	o := s.signedIn("operator", "olga")
	in := func(part string) *KeptRow {
		t.Helper()
		var list struct{ Rooms []KeptRow }
		a := o.get("/api/operate/keeping?part="+part).into(http.StatusOK, &list)
		if strings.Contains(string(a.body), "Eriksson") {
			t.Errorf("%s names the seller", part)
		}
		for i := range list.Rooms {
			if list.Rooms[i].Room == id {
				return &list.Rooms[i]
			}
		}
		return nil
	}
	if row := in("due"); row == nil || row.Due.IsZero() || len(row.Kept) != 4 || in("held") != nil || in("purged") != nil {
		t.Fatalf("due %+v", row)
	}
	path := "/api/operate/rooms/" + id
	o.post(path+"/hold", `{"reason":"litigation"}`).into(http.StatusOK, nil)
	if row := in("held"); row == nil || row.Hold.Reason != "litigation" || !row.Due.IsZero() || in("due") != nil {
		t.Errorf("held %+v", row)
	}
	o.post(path+"/release", `{}`).into(http.StatusOK, nil)
	if in("held") != nil || in("due") == nil {
		t.Error("a released room is still held, or not due")
	}
	o.post(path+"/purge", `{"classes":["record"],"reason":"request"}`).into(http.StatusOK, nil)
	if err := s.house.Keep(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if row := in("purged"); row == nil || len(row.Purged) != 4 || row.State != rooms.StatePurged || in("due") != nil {
		t.Errorf("purged %+v", row)
	}
	var view KeepingView
	o.get(path+"/keeping").into(http.StatusOK, &view)
	if len(view.Tombstones) != 1 || view.Tombstones[0].Policy != "request" || view.Tombstones[0].By != "operator:olga" || len(view.Tombstones[0].Classes) != 4 {
		t.Errorf("tombstones %+v", view.Tombstones)
	}
	o.get("/api/operate/keeping?part=all").refused(protocol.CodeMalformed)
}

// The only node drains at an operator's word, and then takes no new work.
func TestOperatorDrainsTheNode(t *testing.T) {
	s := openSite(t, nil)
	o := s.signedIn("operator", "olga")
	o.post("/api/operate/nodes/another/drain", `{}`).refused(protocol.CodeNotFound)
	s.browser().get("/readyz").into(http.StatusOK, nil)
	s.signedIn("manager", "jonas").post("/api/operate/nodes/self/drain", `{}`).refused(protocol.CodeUnauthorized)
	o.post("/api/operate/nodes/self/drain", `{}`).into(http.StatusOK, nil)
	s.browser().get("/readyz").refused(protocol.CodeUnavailable)
	var wall WallView
	if o.get("/api/operate/wall").into(http.StatusOK, &wall); !wall.Nodes[0].Draining {
		t.Errorf("nodes %+v", wall.Nodes)
	}
}
