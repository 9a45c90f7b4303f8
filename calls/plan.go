package calls

import (
	"context"
	"encoding/json"

	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/rooms"
	"verifycall/rooms/plan"
)

// Plans is the library of profiles and document types.
func (h *House) Plans() *plan.Library { return h.cfg.Plans }

// document is the type of what the seller will show, as filed.
func (c *Call) document() *plan.Document {
	return c.house.cfg.Plans.Document(c.room.Text(c.room.Application["document_type"]))
}

// drawPlan draws the room's plan at the first join of the seller's page.
func (c *Call) drawPlan(ctx context.Context, nonce string) {
	if len(c.room.Steps) > 0 {
		return
	}
	profile, err := c.house.cfg.Plans.Profile(c.room.Profile)
	if err != nil {
		c.log.Error("no plan", "err", err)
		return
	}
	draw := rooms.DrawPlan{Nonce: nonce, By: rooms.Seller, Profile: profile,
		Document: c.document()}
	if nonce == "" {
		draw.Nonce, draw.By = rooms.NewNonce(), "server"
	}
	c.try(ctx, draw)
}

// steps is the plan as a role may see it: the seller gets those that are done or
// shown now, and of the others that they are there, so that none can be foreseen.
func (c *Call) steps(role protocol.Role) []protocol.StepView {
	r := c.room
	views := make([]protocol.StepView, 0, len(r.Steps))
	for _, s := range r.Steps {
		v := protocol.StepView{Step: s.Code, Kind: s.Kind, Done: r.StepFinished(s), Result: s.Result, Reason: s.Reason}
		if role == protocol.RoleSeller {
			v.Result, v.Reason = "", ""
			if !v.Done && s.Code != r.Step {
				v.Step, v.Kind = "", ""
			}
		}
		views = append(views, v)
	}
	return views
}

// planFile is plan.json of the bundle: what the plan was drawn from, as far as it
// isn't in the ledger or in profile.json, and what came out.
type planFile struct {
	Document json.RawMessage `json:"document"` // the type's JSON
	Steps    []rooms.Step    `json:"steps"`    // with their results
}

// pinned fills the bundle's profile.json and plan.json with what the room pins. A
// room without a plan had no call in which the seller joined.
func (h *House) pinned(r *rooms.Room, src *evidence.Source) error {
	profile, err := h.cfg.Plans.Profile(r.Profile)
	if err != nil {
		return err
	}
	src.Profile, src.Plan = json.RawMessage(profile.Text()), planFile{json.RawMessage("null"), []rooms.Step{}}
	if len(r.Steps) == 0 {
		return nil
	}
	document, err := h.cfg.Plans.DocumentByID(r.Document)
	if err != nil {
		return err
	}
	src.Plan = planFile{document.Text(), r.Steps}
	return nil
}

// floorOf is the recorded share of the call, per mille, that a pass needs by the
// room's profile; all of it where this program doesn't know the profile.
func (h *House) floorOf(r *rooms.Room) int {
	profile, err := h.cfg.Plans.Profile(r.Profile)
	if err != nil {
		return 1000
	}
	return profile.CoverageFloor
}
