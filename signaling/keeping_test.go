package signaling

import (
	"net/http"
	"strings"
	"testing"

	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
)

// An operator holds, releases and erases a record; the seller's receipt verifies,
// and so does the proof that what it names was deleted; a changed one doesn't.
func TestReceiptAndProofOfDeletion(t *testing.T) {
	s := openSite(t, nil)
	jonas := s.signedIn("manager", "jonas")
	id, link := jonas.makeRoom(plainRoom)
	seller := s.seller(link)
	seller.get("/api/seller/receipt").refused(protocol.CodeWrongState)
	s.decide(id)
	s.seal(id)
	receipt := seller.get("/api/seller/receipt").into(http.StatusOK, nil).body
	var paper evidence.Receipt
	seller.get("/api/seller/receipt").into(http.StatusOK, &paper)
	if len(paper.Kept) != 4 || len(paper.Bundle) != 64 || paper.Kept[0].Until.IsZero() || strings.Contains(string(receipt), "Eriksson") {
		t.Errorf("receipt %+v", paper)
	}
	proof := "/api/deletions/" + id + "/" + paper.Record
	s.browser().get(proof).refused(protocol.CodeNotFound)

	o, path := s.signedIn("operator", "olga"), "/api/operate/rooms/"+id
	var view KeepingView
	o.post(path+"/hold", `{"reason":"because"}`).refused(protocol.CodeMalformed)
	o.post(path+"/hold", `{"reason":"litigation"}`).into(http.StatusOK, &view)
	if view.Hold == nil || view.Hold.Reason != "litigation" || view.Hold.By != "operator:olga" {
		t.Errorf("hold %+v", view)
	}
	o.post(path+"/purge", `{"classes":["record"],"reason":"request"}`).refused(protocol.CodeWrongState)
	o.post(path+"/release", `{}`).into(http.StatusOK, nil)
	o.post(path+"/purge", `{"classes":["record"],"reason":"retention"}`).refused(protocol.CodeMalformed)
	o.post(path+"/purge", `{"classes":["record"],"reason":"request"}`).into(http.StatusOK, &view)
	if view.Purging == nil || len(view.Purging.Classes) != 4 {
		t.Errorf("purge %+v", view)
	}
	if err := s.house.Keep(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	o.get(path+"/keeping").into(http.StatusOK, &view)
	if view.Purging != nil || len(view.Purged) != 4 || view.State != "purged" {
		t.Errorf("after the purge %+v", view)
	}
	deletion := s.browser().get(proof).into(http.StatusOK, nil).body
	keys := []string{string(s.server.cfg.Keys.WellKnown())}
	report, err := evidence.VerifyReceipt(receipt, deletion, keys)
	if err != nil || !report.Whole || !report.SignerKnown || len(report.Purged) != 4 {
		t.Errorf("the proof of deletion: %+v, %v", report, err)
	}
	for _, changed := range [][2]string{{string(receipt), strings.Replace(string(deletion), `"request"`, `"mistake"`, 1)},
		{strings.Replace(string(receipt), id, "R-0THER000", 1), string(deletion)}, {string(receipt), `{"room":"` + id + `","entries":[]}`}} {
		if report, err := evidence.VerifyReceipt([]byte(changed[0]), []byte(changed[1]), keys); err != nil || report.Whole {
			t.Errorf("a changed paper verifies: %+v, %v", report, err)
		}
	}
}
