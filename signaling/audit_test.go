package signaling

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/rooms"
)

// decide drives a room through a call without pictures to a sealed record.
func (s *site) decide(id string) {
	s.t.Helper()
	s.command(id, "seller", rooms.GiveNotice{Who: "seller", Version: "1", Language: "en", Agree: true}, rooms.EnterWaiting{})
	s.command(id, "manager:jonas", rooms.GiveNotice{Who: "manager", Version: "1", Language: "en", Agree: true}, rooms.Admit{},
		rooms.WriteNote{Text: "Seems nervous"}, rooms.EndCall{Cause: "manager", By: "manager"},
		rooms.GiveVerdict{Verdict: "fail", Reasons: []string{"M_NAME"}})
}

// seal lets the House make the record of what was decided.
func (s *site) seal(id string) {
	s.t.Helper()
	if err := s.house.Recover(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	for {
		room, err := s.rooms.Load(s.t.Context(), id)
		if err != nil {
			s.t.Fatal(err)
		}
		if room.Bundle != "" {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-s.t.Context().Done():
			s.t.Fatal("not sealed")
		}
	}
}

func (s *site) custody(id, typ string) int {
	s.t.Helper()
	entries, err := s.rooms.CustodyLog(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if e.Type == typ {
			n++
		}
	}
	return n
}

func TestAudit(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, _ := m.makeRoom(plainRoom)
	auditor := s.signedIn("auditor", "ruth")
	auditor.get("/api/audit/rooms/" + id).refused(protocol.CodeNotFound) // not decided yet
	s.decide(id)
	auditor.get("/api/audit/rooms/" + id).refused(protocol.CodeWrongState) // not sealed yet
	s.seal(id)

	var list struct {
		Rooms    []AuditRow
		Managers []NamedManager
	}
	for query, want := range map[string]int{"": 1, "?manager=jonas&verdict=fail": 1, "?manager=sabine": 0, "?verdict=pass": 0,
		"?to=2020-01-01T00:00:00Z": 0, "?from=2020-01-01T00:00:00Z": 1} {
		auditor.get("/api/audit/rooms"+query).into(http.StatusOK, &list)
		if len(list.Rooms) != want {
			t.Errorf("%q lists %d rooms, want %d", query, len(list.Rooms), want)
		}
	}
	auditor.get("/api/audit/rooms?verdict=perhaps").refused(protocol.CodeMalformed)
	auditor.get("/api/audit/rooms").into(http.StatusOK, &list)
	row := list.Rooms[0]
	if row.ID != id || row.ManagerName != "Jonas Weber" || row.Decided.IsZero() || len(row.Bundle) != 64 || row.SellerName == "" || len(list.Managers) != 2 {
		t.Errorf("row %+v, managers %v", row, list.Managers)
	}

	var view AuditRoom
	auditor.get("/api/audit/rooms/"+id).into(http.StatusOK, &view)
	last := view.Custody[len(view.Custody)-1]
	if last.Type != "viewed" || last.Body["who"] != "ruth" {
		t.Errorf("the view was not logged before it was shown: %+v", view.Custody)
	}
	if view.Room.Verdict != "fail" || len(view.Timeline) < 6 || !bytes.Contains(view.Facts, []byte(`"verdict"`)) {
		t.Errorf("view %+v", view)
	}
	var personal []string
	for _, value := range view.Personal {
		personal = append(personal, string(value))
	}
	if all := strings.Join(personal, " "); !strings.Contains(all, "Eriksson") || !strings.Contains(all, "Seems nervous") {
		t.Errorf("personal values %s", all)
	}

	var report evidence.Report
	auditor.get("/api/audit/rooms/"+id+"/verify").into(http.StatusOK, &report)
	if !report.Whole || !report.SignerKnown {
		t.Errorf("report %+v", report)
	}
	exported := auditor.get("/api/audit/rooms/"+id+"/custody.jsonl").into(http.StatusOK, nil)
	if !strings.Contains(string(exported.body), `"type":"custody_opened"`) || !strings.Contains(string(exported.body), `"what":"custody.jsonl"`) {
		t.Errorf("custody ledger:\n%s", exported.body)
	}
	a := auditor.get("/api/audit/rooms/"+id+"/files/data/ledger.jsonl").into(http.StatusOK, nil)
	if len(a.body) == 0 || a.header.Get("ETag") == "" || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("file with %v", a.header)
	}
	part := auditor.do("GET", "/api/audit/rooms/"+id+"/files/data/ledger.jsonl", "", "Range", "bytes=2-5")
	if part.status != http.StatusPartialContent || string(part.body) != string(a.body[2:6]) {
		t.Errorf("range: %d %s", part.status, part.body)
	}
	for _, path := range []string{"data/none.json", "data/../data/room.json", "..%2f..%2f..%2fkeys", "%2e%2e/%2e%2e/documents", "data", ""} {
		if a := auditor.get("/api/audit/rooms/" + id + "/files/" + path); a.status != http.StatusNotFound && path != "data/../data/room.json" {
			t.Errorf("%q: status %d", path, a.status)
		}
	}
	if played, viewed := s.custody(id, "played"), s.custody(id, "viewed"); played != 0 || viewed != 1 {
		t.Errorf("%d plays and %d views logged, nothing was played and the room opened once", played, viewed)
	}
	// Files that are fetched without opening the room are a view of their own, once.
	other := s.signedIn("auditor", "ruth")
	for range 2 {
		other.get("/api/audit/rooms/"+id+"/files/data/private.jsonl").into(http.StatusOK, nil)
	}
	if n := s.custody(id, "viewed"); n != 2 {
		t.Errorf("%d views logged, want another one", n)
	}
}

// A key counts by its times in the key list: what was signed after it was
// retired or revoked has no known signer.
func TestVerifyHeedsTheKeyListsTimes(t *testing.T) {
	for member, known := range map[string]bool{`"from":"2020-01-01T00:00:00Z"`: true, `"until":"2020-01-01T00:00:00Z"`: false,
		`"revoked":"2020-01-01T00:00:00Z"`: false} {
		dir := t.TempDir()
		keys, err := evidence.LoadOrCreateKeys(dir)
		if err != nil {
			t.Fatal(err)
		}
		list := `{"keys":[{"id":"` + keys.ID() + `","key":"` + keys.Public() + `",` + member + `}]}`
		if err := os.WriteFile(filepath.Join(dir, "verifycall-keys.json"), []byte(list), 0o644); err != nil {
			t.Fatal(err)
		}
		if keys, err = evidence.LoadOrCreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		s := openSite(t, func(c *Config) { c.Keys = keys })
		id, _ := s.signedIn("manager", "jonas").makeRoom(plainRoom)
		s.decide(id)
		s.seal(id)
		var report evidence.Report
		s.signedIn("auditor", "ruth").get("/api/audit/rooms/"+id+"/verify").into(http.StatusOK, &report)
		if report.SignerKnown != known {
			t.Errorf("%s: report %+v", member, report)
		}
	}
}

func TestBundleDownloadsAreLogged(t *testing.T) {
	s := openSite(t, nil)
	id, _ := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	s.decide(id)
	auditor, key := s.signedIn("auditor", "ruth"), s.integrator(access.ScopeEvidence)
	key.get("/api/v1/rooms/" + id + "/bundle.zip").refused(protocol.CodeNotFound)
	s.seal(id)
	for i, download := range []func() answer{
		func() answer { return auditor.get("/api/audit/rooms/" + id + "/bundle.zip") },
		func() answer { return key.get("/api/v1/rooms/" + id + "/bundle.zip") },
	} {
		a := download().into(http.StatusOK, nil)
		z, err := zip.NewReader(bytes.NewReader(a.body), int64(len(a.body)))
		if err != nil || len(z.File) < 8 {
			t.Fatalf("zip: %v", err)
		}
		if a.header.Get("Content-Type") != "application/zip" || !strings.Contains(a.header.Get("Content-Disposition"), id+".zip") {
			t.Errorf("headers %v", a.header)
		}
		if n := s.custody(id, "downloaded"); n != i+1 {
			t.Errorf("%d downloads logged after %d", n, i+1)
		}
	}
}

// A playing takes many range requests and is one entry; a failed entry is tried
// again by the next request.
func TestPlaysAreLoggedOnce(t *testing.T) {
	p := newLooks()
	var mu sync.Mutex
	logged := 0
	log := func() error {
		mu.Lock()
		defer mu.Unlock()
		if logged++; logged == 1 {
			return http.ErrHandlerTimeout
		}
		return nil
	}
	var wg sync.WaitGroup
	failed := make(chan error, 8)
	for range cap(failed) {
		wg.Go(func() {
			if err := p.once("session/room/file", time.Unix(1000, 0), log); err != nil {
				failed <- err
			}
		})
	}
	wg.Wait()
	if logged != 2 || len(failed) != 1 {
		t.Errorf("logged %d times with %d failures, want 2 and 1", logged, len(failed))
	}
	if err := p.once("session/room/file", time.Unix(1000, 0).Add(staffSession+time.Second), log); err != nil || logged != 3 {
		t.Errorf("a later session is not logged: %d, %v", logged, err)
	}
}

// What the seller filed is in the record, which is whole; a PDF comes out of it as a
// file.
func TestFiledIsInTheRecord(t *testing.T) {
	s := openSite(t, nil)
	id, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	pdf := []byte("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n")
	seller, picture := s.seller(link), jpegOf(t, 8, 8)
	for _, f := range []struct {
		kind string
		data []byte
	}{{"id_front", picture}, {"id_back", picture}, {"other", pdf}} { // one picture of both sides
		seller.post("/api/seller/documents", `{"kind":"`+f.kind+`","data":"`+base64.StdEncoding.EncodeToString(f.data)+`"}`).into(http.StatusCreated, nil)
	}
	s.decide(id)
	s.seal(id)
	auditor := s.signedIn("auditor", "ruth")
	sum := sha256.Sum256(pdf)
	a := auditor.get("/api/audit/rooms/"+id+"/files/data/documents/"+hex.EncodeToString(sum[:])+".pdf").into(http.StatusOK, nil)
	if !bytes.Equal(a.body, pdf) || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%q with %v", a.body, a.header)
	}
	bundle := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(bundle, auditor.get("/api/audit/rooms/"+id+"/bundle.zip").into(http.StatusOK, nil).body, 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := evidence.Verify(bundle, nil)
	if err != nil || !report.Whole || !slices.ContainsFunc(report.Checks, func(c evidence.Check) bool {
		return c.OK && c.Name == "documents" && strings.HasPrefix(c.Detail, "2 ")
	}) {
		t.Errorf("%v: %+v", err, report)
	}
}
