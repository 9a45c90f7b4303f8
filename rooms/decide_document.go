package rooms

import (
	"slices"
	"time"

	"verifycall/rooms/form"
)

// maxDocuments bounds the documents of a room, those filed with the
// application among them.
const maxDocuments = 12

// FileDocument adds a document that the seller brings before the call. An
// earlier one of its kind stays in the record; the newest is what counts.
type FileDocument struct{ Document }

// Check says whether the document would be taken now, for who has to store it
// before.
func (c FileDocument) Check(r *Room) error {
	_, err := c.decide(r, time.Time{})
	return err
}

func (c FileDocument) decide(r *Room, _ time.Time) ([]Draft, error) {
	d := c.Document
	err := form.First(in(c, r, StateInvited, StateBooked), form.OneOf(c, "document kind", d.Kind, "id_front", "id_back", "other"),
		form.Check(c, "document digest", d.SHA256, form.Hash), form.Check(c, "document type", d.Mime, form.ASCII))
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(r.Documents, func(old Document) bool { return old.Kind == d.Kind && old.SHA256 == d.SHA256 }) {
		return nil, nil
	}
	if len(r.Documents) >= maxDocuments {
		return nil, refuse(c, r, "there are too many documents already")
	}
	return record(typeDocument, map[string]any{"kind": d.Kind, "sha256": d.SHA256, "mime": d.Mime, "size": d.Size,
		"width": d.Width, "height": d.Height}), nil
}

func documentFiled(r *Room, _ time.Time, b body) {
	r.Documents = append(r.Documents, documentOf(b))
}

func documentOf(b body) Document {
	return Document{b.text("kind"), b.text("sha256"), b.text("mime"), b.number("size"), int(b.number("width")), int(b.number("height"))}
}
