package signaling

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"

	"verifycall/access"
	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/signaling/intake"
)

// DocumentView is one of the seller's documents, as the seller sees it: that it
// is there, and never its picture, which a stranger with the link could look at.
type DocumentView struct {
	Kind   string `json:"kind"` // "id_front", "id_back", "other"
	SHA256 string `json:"sha256"`
	Mime   string `json:"mime"`
	Width  int    `json:"width"` // 0 of a PDF
	Height int    `json:"height"`
}

func (s *Server) documentRoutes() map[string]door {
	return map[string]door{
		"GET /api/seller/documents":  s.as(access.SellerDocuments, s.sellerDocuments),
		"POST /api/seller/documents": s.as(access.SellerFile, s.sellerFileDocument),
	}
}

func (s *Server) sellerDocuments(w http.ResponseWriter, _ *http.Request, who session) error {
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	if room.Over() && !who.Proved {
		return needsCode()
	}
	return writeJSON(w, http.StatusOK, map[string]any{"documents": newestDocuments(room),
		"open": slices.Contains([]string{rooms.StateInvited, rooms.StateBooked}, room.State)})
}

// newestDocuments gives the newest of each kind, in the order of the kinds.
func newestDocuments(room *rooms.Room) []DocumentView {
	views := []DocumentView{}
	for _, kind := range []string{"id_front", "id_back", "other"} {
		for _, d := range slices.Backward(room.Documents) {
			if d.Kind == kind {
				views = append(views, DocumentView{d.Kind, d.SHA256, d.Mime, d.Width, d.Height})
				break
			}
		}
	}
	return views
}

type fileRequest struct {
	Kind string `json:"kind"`
	Data []byte `json:"data"` // JPEG, PNG, of "other" also PDF; base64 in JSON
}

// maxFileBody is a picture in base64, and little beside it.
const maxFileBody = intake.MaxPictureBytes*4/3 + 1024

// readFile reads a request within the limits of its room.
func (s *Server) readFile(w http.ResponseWriter, r *http.Request, who session) (req fileRequest, err error) {
	if err := s.limit(r.Context(), limitFiles, who.Room); err != nil {
		return req, err
	}
	allowLongUpload(w)
	body, err := readBody(w, r, maxFileBody)
	if err != nil {
		return req, err
	}
	if err := s.limitBy(r.Context(), limitFiled, who.Room, 1+len(body)/filedUnit); err != nil {
		return req, err
	}
	return req, intake.DecodeJSON(body, &req)
}

// checkFiled takes a picture for what has to be looked at, and a PDF too for what
// is brought beside it.
func (s *Server) checkFiled(ctx context.Context, req fileRequest) (intake.Picture, error) {
	if req.Kind == "other" && intake.IsPDF(req.Data) {
		if !s.cfg.Rooms.Alone() { // an earlier node finds no such file, and may seal the room
			return intake.Picture{}, rooms.ErrEarlierNode
		}
		return intake.Picture{Mime: intake.PDF}, intake.CheckPDF(req.Data)
	}
	return s.checkPicture(ctx, req.Data)
}

// sellerFileDocument takes one document: checked, a picture by decoding it wholly,
// then stored, then in the ledger.
func (s *Server) sellerFileDocument(w http.ResponseWriter, r *http.Request, who session) error {
	req, err := s.readFile(w, r, who)
	if err != nil {
		return err
	}
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	p, err := s.checkFiled(r.Context(), req)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(req.Data)
	doc := rooms.Document{Kind: req.Kind, SHA256: hex.EncodeToString(sum[:]), Mime: p.Mime, Size: int64(len(req.Data)), Width: p.Width, Height: p.Height}
	name := depot.DocumentName(room.ID, doc.SHA256, doc.Mime)
	if err := (rooms.FileDocument{Document: doc}).Check(room); err != nil {
		return err // before anything is stored for it
	}
	known := slices.ContainsFunc(room.Documents, func(d rooms.Document) bool { return d.SHA256 == doc.SHA256 })
	if !known {
		if _, err := s.cfg.Evidence.Put(r.Context(), vault.Room(room.ID), vault.Documents, name, bytes.NewReader(req.Data)); err != nil {
			return &protocol.Fault{Code: protocol.CodeNotStored, Message: "The document could not be stored. Try again.", Err: err}
		}
	}
	if room, err = s.cfg.Rooms.Do(r.Context(), room.ID, "seller", rooms.FileDocument{Document: doc}); err != nil {
		return err
	}
	s.cfg.House.Refresh(room.ID)
	s.log.Info("document filed", "room", room.ID, "kind", doc.Kind)
	return writeJSON(w, http.StatusCreated, map[string]any{"documents": newestDocuments(room), "open": true})
}

// serveDocument serves what was filed: of a picture a copy without its metadata, a
// PDF as it is.
func (s *Server) serveDocument(w http.ResponseWriter, r *http.Request, room string, d rooms.Document) error {
	name := depot.DocumentName(room, d.SHA256, d.Mime)
	if d.Mime == intake.PDF {
		return s.serveObject(w, r, vault.Documents, room, name, d.SHA256)
	}
	return s.servePicture(w, r, room, vault.Documents, name, d.SHA256)
}
