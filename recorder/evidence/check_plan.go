package evidence

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"verifycall/rooms/plan"
)

// The entries that a plan can be drawn again from.
const (
	planType     = "plan"
	revealedType = "plan_revealed"
)

// drawn is what the ledger says of the plan.
type drawn struct {
	profile       string // id
	profileSHA256 string // of its canonical JSON
	seedSHA256    string
	entries       int // plans in the record; one counts, more are wrong

	Nonce          string      `json:"nonce"`
	Document       string      `json:"document"`
	DocumentSHA256 string      `json:"document_sha256"`
	Steps          []plan.Step `json:"steps"`

	Seed string `json:"seed"` // of the entry that reveals it
}

func (d *drawn) take(typ string, body []byte) error {
	if typ == planType {
		d.entries++
	}
	return json.Unmarshal(body, d)
}

// planJSON is what is read of data/plan.json.
type planJSON struct {
	Document json.RawMessage `json:"document"`
	Steps    []plan.Step     `json:"steps"`
}

// checkPlan draws the plan again: from the profile and document type that the
// ledger pins by digest, the seed that its first entry commits to and a later one
// reveals, and the nonce of the seller's page.
func (v *verification) checkPlan(ctx context.Context) (string, error) {
	d := &v.record.plan
	if d.profileSHA256 == "" && d.entries == 0 {
		return "the record is of before plans were drawn", nil
	}
	profile, err := v.pinnedProfile(ctx)
	if err != nil {
		return "", err
	}
	text, err := readWhole(ctx, v.bag, planFile, maxJSON)
	if err != nil {
		return "", err
	}
	var file planJSON
	if err := json.Unmarshal(text, &file); err != nil {
		return "", isWrong(planFile, "%v", err)
	}
	if d.entries == 0 {
		if len(file.Steps) > 0 {
			return "", isWrong(planFile, "has steps, the ledger has no plan")
		}
		return "no plan was drawn, the seller's page never joined", nil
	}
	document, err := plan.ParseDocument(bytes.TrimSpace(file.Document))
	if err != nil {
		return "", isWrong(planFile, "document type: %v", err)
	}
	if document.ID() != d.Document || document.Digest() != d.DocumentSHA256 {
		return "", isWrong(planFile, "holds the document type %s, the ledger pins another", document.ID())
	}
	again, err := d.draw(profile, document)
	if err != nil {
		return "", err
	}
	if !slices.Equal(again.Steps, d.Steps) {
		return "", isWrong(ledgerFile, "the plan isn't the one that its seed and nonce give")
	}
	if !slices.Equal(again.Steps, file.Steps) {
		return "", isWrong(planFile, "the steps aren't those of the ledger")
	}
	if err := v.record.checkCode(again); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d steps, as seed and nonce give them", len(d.Steps)), nil
}

func (v *verification) pinnedProfile(ctx context.Context) (*plan.Profile, error) {
	text, err := readWhole(ctx, v.bag, profileFile, maxJSON)
	if err != nil {
		return nil, err
	}
	profile, err := plan.ParseProfile(bytes.TrimSpace(text))
	if err != nil {
		return nil, isWrong(profileFile, "%v", err)
	}
	if d := &v.record.plan; profile.ID() != d.profile || profile.Digest() != d.profileSHA256 {
		return nil, isWrong(profileFile, "holds %s, the ledger pins another", profile.ID())
	}
	return profile, nil
}

func (d *drawn) draw(profile *plan.Profile, document *plan.Document) (plan.Plan, error) {
	if d.entries > 1 {
		return plan.Plan{}, isWrong(ledgerFile, "has %d plans", d.entries)
	}
	seed, err := hex.DecodeString(d.Seed)
	if err != nil || plan.Commit(seed) != d.seedSHA256 {
		return plan.Plan{}, isWrong(ledgerFile, "doesn't reveal the seed that its first entry commits to")
	}
	nonce, err := hex.DecodeString(d.Nonce)
	if err != nil {
		return plan.Plan{}, isWrong(ledgerFile, "the plan's nonce is no hex")
	}
	again, err := plan.Draw(profile, document, seed, nonce)
	if err != nil {
		return plan.Plan{}, isWrong(ledgerFile, "%v", err)
	}
	return again, nil
}
