package signaling

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"verifycall/calls"
	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/signaling/intake"
)

// offsetHeader says where a piece begins, as in the tus protocol 1.0.
const offsetHeader = "Upload-Offset"

// sellerPhoto takes a piece of a sensor photo (POST), or says how much of it has
// arrived (GET), so that an upload goes on after a lost connection.
func (s *Server) sellerPhoto(w http.ResponseWriter, r *http.Request, who session) error {
	piece := calls.Chunk{Nonce: r.PathValue("nonce")}
	if r.Method == http.MethodPost {
		if err := s.limit(r.Context(), limitUploads, who.Room); err != nil {
			return err
		}
		var err error
		if piece.Offset, err = strconv.ParseInt(r.Header.Get(offsetHeader), 10, 64); err != nil || piece.Offset < 0 {
			return malformed("The header " + offsetHeader + " must say where the piece begins.")
		}
		if piece.Data, err = readAll(http.MaxBytesReader(w, r.Body, protocol.MaxChunk)); err != nil {
			return err
		}
		if len(piece.Data) == 0 {
			return malformed("The piece is empty.")
		}
	}
	received, err := s.cfg.House.Upload(r.Context(), who.Room, piece)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]int64{"received": received})
}

// managerPhoto shows a copy of a photo without its metadata.
func (s *Server) managerPhoto(w http.ResponseWriter, r *http.Request, who session) error {
	room := who.at
	for _, p := range room.Photos {
		if p.SHA256 != r.PathValue("sha") {
			continue
		}
		if err := s.noteView(r.Context(), who, "photos"); err != nil {
			return err
		}
		return s.servePicture(w, r, room.ID, vault.Stills, depot.PhotoName(room.ID, p.SHA256, p.Mime), p.SHA256)
	}
	return protocol.Faultf(protocol.CodeNotFound, "There is no such photo.")
}

// servePicture shows a picture that came as a file: a copy without what lies
// beside and behind its pixels.
func (s *Server) servePicture(w http.ResponseWriter, r *http.Request, room string, class vault.Class, name, digest string) error {
	f, err := s.cfg.House.OpenEvidence(r.Context(), room, class, name)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	defer f.Close()
	return servePhoto(w, r, name, digest, f)
}

// servePhoto serves a copy of a photo that says nothing of where it was taken.
// The bundle alone has the original.
func servePhoto(w http.ResponseWriter, r *http.Request, name, digest string, f io.Reader) error {
	whole, err := io.ReadAll(io.LimitReader(f, protocol.MaxPhoto+1))
	if err != nil {
		return fmt.Errorf("photo: %w", err)
	}
	clean, err := intake.WithoutMetadata(whole)
	if err != nil {
		return fmt.Errorf("photo: %w", err)
	}
	w.Header().Set("Cache-Control", asked)
	serveFile(w, r, name, "clean-"+digest, bytes.NewReader(clean))
	return nil
}

// auditClip cuts a clip out of its recording and sends it as a WebM file of its
// own. The path ends with the clip's number in the room's list, from 1.
func (s *Server) auditClip(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.decided(r.Context(), who)
	if err != nil {
		return err
	}
	number, isWebM := strings.CutSuffix(r.PathValue("file"), ".webm")
	n, err := strconv.Atoi(number)
	if err != nil || !isWebM || n < 1 || n > len(room.Clips) {
		return protocol.Faultf(protocol.CodeNotFound, "There is no such clip.")
	}
	clip := room.Clips[n-1]
	bundle, err := evidence.OpenBundle(r.Context(), s.cfg.Evidence, bundleOf(room))
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	what := fmt.Sprintf("clip/%d", n)
	err = s.looked.once(lookedInto(who, room)+"/"+what, time.Now(), func() error {
		return s.logCustody(r.Context(), room.ID, who, rooms.LogPlay{Who: who.Subject, What: what})
	})
	if err != nil {
		return err
	}
	var cut bytes.Buffer
	if err := bundle.WriteClip(r.Context(), &cut, clip.Recording, clip.From, clip.To); err != nil {
		return fmt.Errorf("clip: %w", err)
	}
	w.Header().Set("Cache-Control", asked)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`inline; filename="%s-clip-%d.webm"`, room.ID, n))
	serveFile(w, r, what+".webm", "", bytes.NewReader(cut.Bytes()))
	return nil
}
