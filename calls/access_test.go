package calls_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"

	"verifycall/access"
	"verifycall/calls"
	"verifycall/calls/protocol"
)

// everyMessage reads an example of each client message.
func everyMessage(t *testing.T) map[string]protocol.ClientMessage {
	t.Helper()
	raw, err := os.ReadFile("protocol/examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples map[string]map[string]json.RawMessage
	if err := json.Unmarshal(raw, &examples); err != nil {
		t.Fatal(err)
	}
	messages := map[string]protocol.ClientMessage{}
	for name := range protocol.ClientTypes() {
		frame, err := json.Marshal(protocol.Envelope{Type: name, ID: "1", Data: examples["client"][name]})
		if err != nil {
			t.Fatal(err)
		}
		if _, messages[name], err = protocol.Decode(frame); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return messages
}

// Every message is tried by everybody who has a seat, and goes through as the
// table says; nobody else gets a seat.
func TestEveryMessageWithEveryRole(t *testing.T) {
	r := newRig(t)
	var mu sync.Mutex // guards counted
	var counted []access.Refusal
	r.refused = func(no *access.Refusal) {
		mu.Lock()
		defer mu.Unlock()
		counted = append(counted, *no)
	}
	messages := everyMessage(t)
	id := r.book()
	for _, role := range access.Roles {
		who := access.Person{Role: role, ID: "jonas", Room: map[access.Role]string{access.Seller: id, access.TestManager: id}[role]}
		join := calls.Join{Room: id, Role: protocol.Role(role), Subject: "jonas", Browser: "b", Tab: "tab-" + string(role) + "-1"}
		action := access.ManagerJoin
		switch role {
		case access.Seller:
			join.Subject, action = "seller", access.SellerJoin
		case access.TestManager:
			join.Role, join.Test = protocol.RoleManager, true
		}
		at := access.Place{Room: id, Manager: "jonas"}
		p := &page{t: t, role: join.Role, replies: map[string]chan protocol.ServerMessage{}}
		join.Out = p
		seat, err := r.house.Join(t.Context(), join)
		if refused := access.Check(who, action, at); (refused == nil) != (err == nil) {
			t.Fatalf("seat for %q: %v, the table says %v", role, err, refused)
		}
		if err != nil {
			continue
		}
		p.seat = seat
		for _, name := range slices.Sorted(maps.Keys(messages)) {
			answer, _ := p.ask(messages[name]).(*protocol.Error)
			shut := answer != nil && answer.Code == protocol.CodeForbidden
			if refused := access.Check(who, access.Say(name), at); (refused != nil) != shut {
				t.Errorf("%s as %q: %+v, the table says %v", name, role, answer, refused)
			}
			mu.Lock()
			told := slices.Contains(counted, access.Refusal{Role: who.Role, ID: join.Subject, Action: access.Say(name), Why: access.WhyRole})
			mu.Unlock()
			if told != shut {
				t.Errorf("%s as %q: shut %t, counted %t", name, role, shut, told)
			}
		}
		seat.Leave()
	}
}

// A manager of somebody else's room gets no seat, nor a robot's link one in
// another room.
func TestNoSeatInOthersRooms(t *testing.T) {
	r := newRig(t)
	id := r.book()
	for name, join := range map[string]calls.Join{
		"another manager": {Role: protocol.RoleManager, Subject: "sabine"}, "a robot": {Role: protocol.RoleManager, Subject: "robot", Test: true},
		"nobody": {}, "an auditor": {Role: protocol.RoleAuditor, Subject: "ruth"}, "no account": {Role: protocol.RoleManager},
	} {
		join.Room, join.Browser, join.Tab = id, "b", "tab-00001"
		join.Out = &page{t: t, replies: map[string]chan protocol.ServerMessage{}}
		_, err := r.house.Join(t.Context(), join)
		var fault *protocol.Fault
		if !errors.As(err, &fault) || fault.Code != protocol.CodeNotFound && fault.Code != protocol.CodeForbidden && fault.Code != protocol.CodeUnauthorized {
			t.Errorf("%s: %v", name, err)
		}
	}
}
