package signaling

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
)

func (b *browser) found(query string) []string {
	b.t.Helper()
	var list RoomList
	b.get("/api/v1/rooms?"+query).into(http.StatusOK, &list)
	return idsOf(list)
}

func idsOf(list RoomList) []string {
	ids := []string{}
	for _, room := range list.Rooms {
		ids = append(ids, room.ID)
	}
	return ids
}

// TestFindRooms asks for rooms by each filter, by several, and page by page.
func TestFindRooms(t *testing.T) {
	s := openSite(t, nil)
	key, staff := s.integrator(access.ScopeRooms), s.integrator(access.ScopeRooms, access.ScopeEvidence, access.ScopeTest)
	at := time.Date(2030, 3, 4, 23, 30, 0, 0, time.UTC) // the 5th in Berlin
	var ids []string
	for i := range 5 {
		c := rooms.CreateRoom{SellerName: "Anna", SellerMail: "anna@example.org", Language: "en", Zone: "UTC", Manager: "jonas", At: at.Add(time.Duration(i) * time.Minute)}
		if i == 3 {
			c.SellerMail, c.Manager = "bea@example.org", "sabine"
		}
		c.Test = i == 4
		room, err := s.rooms.Create(t.Context(), "system", c)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, room.ID)
	}
	s.command(ids[1], "seller", rooms.Cancel{By: rooms.Seller})
	s.command(ids[2], "manager:jonas", rooms.WriteNote{Code: "S_COERCION", Text: "spoke to somebody"})
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"", ids[:4]}, {"day=2030-03-04", ids[:4]}, {"day=2030-03-04&zone=Europe/Berlin", nil}, {"day=2030-03-05&zone=Europe/Berlin", ids[:4]},
		{"from=2030-03-04T23:31:00Z&to=2030-03-04T23:33:00Z", ids[1:3]}, {"manager=sabine", ids[3:4]}, {"state=cancelled", ids[1:2]},
		{"state=booked&manager=jonas", []string{ids[0], ids[2]}}, {"verdict=pass", nil}, {"manager=nobody", nil},
	} {
		if got := key.found(c.query); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.query, got, c.want)
		}
	}
	if got := staff.found("state=booked"); !slices.Equal(got, []string{ids[0], ids[2], ids[3], ids[4]}) {
		t.Errorf("with test rooms: %v", got)
	}
	if got := staff.found("flag=S_COERCION"); !slices.Equal(got, ids[2:3]) {
		t.Errorf("flagged: %v", got)
	}
	var list RoomList
	key.post("/api/v1/rooms/find", `{"seller":"BEA@example.org"}`).into(http.StatusOK, fresh(&list))
	if got := idsOf(list); !slices.Equal(got, ids[3:4]) {
		t.Errorf("of a seller: %v", got)
	}
	var pages []string
	for cursor := ""; ; cursor = list.Next {
		key.get("/api/v1/rooms?limit=2&cursor="+url.QueryEscape(cursor)).into(http.StatusOK, fresh(&list))
		if pages = append(pages, idsOf(list)...); list.Next == "" {
			break
		}
	}
	if !slices.Equal(pages, ids[:4]) {
		t.Errorf("page by page: %v", pages)
	}
	key.get("/api/v1/rooms?flag=S_COERCION").refused(protocol.CodeForbidden)
	for _, bad := range []string{"day=yesterday", "day=2030-03-04&zone=Mars", "state=lost", "verdict=maybe", "limit=0x", "limit=201", "limit=-1",
		"cursor=!", "from=now", "day=2030-03-04&from=2030-03-04T00:00:00Z", "seller=anna@example.org"} {
		key.get("/api/v1/rooms?" + bad).refused(protocol.CodeMalformed)
	}
	staff.get("/api/v1/rooms?flag=fraud").refused(protocol.CodeMalformed)
	s.integrator(access.ScopeCalendar).get("/api/v1/rooms").refused(protocol.CodeForbidden)
}
