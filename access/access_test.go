package access

import "testing"

var (
	mine    = Place{Room: "R-1", Manager: "m1"}
	theirs  = Place{Room: "R-2", Manager: "m2"}
	nobodys = Place{Room: "R-3"}
)

// What must hold whatever is added to the table.
func TestRules(t *testing.T) {
	for _, a := range Actions() {
		for name, p := range map[string]Person{
			"an auditor": {Role: Auditor, ID: "m1"}, "an operator without a reason": {Role: Operator, ID: "o1"},
			"an observer": {Role: Observer, ID: "m1"},
		} {
			for _, at := range []Place{{}, mine, theirs, nobodys} {
				if Changes(a) && Check(p, a, at) == nil {
					t.Errorf("%s may %s, which changes a record", name, a)
				}
			}
		}
		if p := (Person{Role: Auditor, ID: "m1"}); a != Public && Check(p, a, mine) == nil {
			t.Errorf("%s: who hosted a room may audit it", a)
		}
		for role := range map[Role]bool{Seller: true, Manager: true, TestManager: true} {
			if p := (Person{Role: role, ID: "m1", Room: "R-1"}); a != Public && Check(p, a, theirs) == nil {
				t.Errorf("%s may %s in somebody else's room", role, a)
			}
		}
		if a != Public && Check(Person{}, a, Place{}) == nil || Check(Person{Role: "king"}, a, Place{}) == nil && a != Public {
			t.Errorf("nobody, or a role that doesn't exist, may %s", a)
		}
	}
	if Check(Person{Role: Manager, ID: "m1"}, "audit.forge", Place{}) == nil {
		t.Error("an action that the table doesn't have is allowed")
	}
}

func TestEvidence(t *testing.T) {
	for _, test := range []struct {
		who  Person
		a    Action
		at   Place
		want Why
	}{
		{Person{Role: Auditor, ID: "a1"}, AuditView, theirs, ""},
		{Person{Role: Auditor, ID: "m2"}, AuditView, theirs, WhyHidden},
		{Person{Role: Auditor, ID: "a1"}, AuditView, nobodys, ""},
		{Person{Role: Operator, ID: "o1"}, AuditView, theirs, WhyReason},
		{Person{Role: Operator, ID: "o1", Reason: "curious"}, AuditView, theirs, WhyReason},
		{Person{Role: Operator, ID: "o1", Reason: "complaint"}, AuditView, theirs, ""},
		{Person{Role: Operator, ID: "o1", Reason: "complaint"}, Say("verdict"), theirs, WhyRole},
		{Person{Role: Manager, ID: "m1"}, ManagerRead, mine, ""},
		{Person{Role: Manager, ID: "m1"}, ManagerRead, theirs, WhyHidden},
		{Person{Role: Manager, ID: "m1"}, AuditView, theirs, WhyRole},
		{Person{Role: TestManager, ID: "m1", Room: "R-9"}, ManagerRead, mine, WhyHidden},
		{Person{Role: TestManager, ID: "m1", Room: "R-1"}, ManagerCreate, Place{}, WhyRole},
		{Person{Role: Manager, ID: ""}, ManagerRead, nobodys, WhyHidden},
		{Person{Role: Integrator, ID: "shop", Scopes: []string{ScopeRooms}}, KeyEvidence, mine, WhyScope},
		{Person{Role: Integrator, ID: "m1", Scopes: []string{ScopeEvidence}}, KeyEvidence, mine, ""},
		{Person{}, AuditView, mine, WhySignIn},
	} {
		got := Why("")
		if r := Refused(Check(test.who, test.a, test.at)); r != nil {
			got = r.Why
		}
		if got != test.want {
			t.Errorf("%+v %s at %+v: %q, want %q", test.who, test.a, test.at, got, test.want)
		}
	}
}
