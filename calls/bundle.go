package calls

import (
	"context"
	"fmt"

	"verifycall/calls/depot"
	"verifycall/calls/facts"
	"verifycall/recorder"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
)

// writeBundle gives the evidence package all that belongs into the bundle.
func (h *House) writeBundle(ctx context.Context, r *rooms.Room, prefix string, about facts.Facts, made []*recorder.Tape) (string, error) {
	entries, err := h.cfg.Rooms.Record(ctx, r.ID)
	if err != nil {
		return "", fmt.Errorf("read the record: %w", err)
	}
	privates, err := h.cfg.Rooms.Privates(ctx, r.ID)
	if err != nil {
		return "", fmt.Errorf("read the private values: %w", err)
	}
	src := evidence.Source{Room: about, Entries: entries, Privates: privates, Statement: evidence.BuildStatement()}
	if err := h.pinned(r, &src); err != nil {
		return "", err
	}
	owner := vault.Room(r.ID)
	for _, digest := range facts.Stills(r) {
		src.Stills = append(src.Stills, evidence.StoredFile(h.cfg.Evidence, owner, vault.Stills, depot.StillName(r.ID, digest), digest+".webp"))
	}
	for _, p := range r.Photos {
		src.Photos = append(src.Photos, evidence.StoredFile(h.cfg.Evidence, owner, vault.Stills, depot.PhotoName(r.ID, p.SHA256, p.Mime), p.SHA256+depot.Extension(p.Mime)))
	}
	for _, d := range r.Documents {
		name := d.SHA256 + depot.Extension(d.Mime)
		src.Documents = append(src.Documents, evidence.StoredFile(h.cfg.Evidence, owner, vault.Documents, depot.DocumentName(r.ID, d.SHA256, d.Mime), name))
	}
	for _, a := range made {
		src.Recordings = append(src.Recordings, evidence.WrittenFile(a.Summary.ID+".webm", a.WriteVideo))
		src.Frames = append(src.Frames, evidence.WrittenFile(a.Summary.ID+".jsonl", a.WriteIndex))
	}
	path, err := figures(h.depot.Folder(r.ID))
	if err != nil {
		return "", fmt.Errorf("figures of the call: %w", err)
	}
	if path != "" {
		src.Quality = evidence.DiskFile(path, qualityFile)
	}
	return evidence.WriteBundle(ctx, h.cfg.Evidence, prefix, h.cfg.Keys, src)
}
