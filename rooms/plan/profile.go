package plan

// Profile is one version of a rule set. A room pins the version it was made
// with, and the digest of its text.
type Profile struct {
	Name          string      `json:"name"` // "marketplace"
	Version       int         `json:"version"`
	Title         string      `json:"title"`     // for staff, English
	Documents     []string    `json:"documents"` // names of the document types accepted
	Slots         []string    `json:"slots"`     // to be filled by captures, in order
	Compare       []string    `json:"compare"`   // items compared by eye
	Features      Features    `json:"features"`
	Challenges    Choice      `json:"challenges"`
	Questions     Choice      `json:"questions"`
	CoverageFloor int         `json:"coverage_floor"` // recorded ‰ of the call that a pass needs
	CaptureTries  int         `json:"capture_tries"`  // at most, for each slot
	Code          bool        `json:"code"`           // one-time code by mail before joining
	CodeStep      bool        `json:"code_step"`      // one-time code by mail as a step of the call; absent is false
	Interrupted   Interrupted `json:"interrupted"`
	Late          Late        `json:"late"`
	Review        Review      `json:"review"`
	Retention     Retention   `json:"retention"`

	text   []byte // as read
	digest string
}

// Features says how many security features are drawn, and how many of them
// change with the angle of view.
type Features struct {
	Count             int `json:"count"`
	OpticallyVariable int `json:"optically_variable"`
}

// Choice says how many steps are drawn of which.
type Choice struct {
	Count int      `json:"count"`
	From  []string `json:"from"`
}

// Interrupted says what follows when a lost side doesn't come back.
type Interrupted struct {
	Grace int    `json:"grace_s"` // seconds to come back
	Then  string `json:"then"`    // "resume": the appointment is open again, the same record goes on; "abort"
}

// Late says when an appointment counts as missed.
type Late struct {
	Seller  int `json:"seller_min"`  // minutes after the time
	Manager int `json:"manager_min"` // minutes that a waiting seller waits
}

// Review says which decided rooms an auditor gets.
type Review struct {
	Share int `json:"share"`      // ‰ of decided rooms drawn at random, whatever the verdict: see decision 51
	Close int `json:"close_days"` // days after which one that was not drawn closes

	Appeal *int `json:"appeal_days"` // days in which a seller can ask for another look at a failed outcome; see AppealDays
}

// defaultAppeal is what counts where a profile says nothing of appeals.
const defaultAppeal = 14

// AppealDays is how long a seller can ask for another look, 0 for not at all.
func (r Review) AppealDays() int {
	if r.Appeal == nil {
		return defaultAppeal
	}
	return *r.Appeal
}

// Retention is how long each class is kept, in days after the call.
type Retention struct {
	Recording int `json:"recording"`
	Stills    int `json:"stills"`
	Documents int `json:"documents"`
	Record    int `json:"record"`
	Unheld    int `json:"unheld_hours"` // hours that uploads of a call which never happened are kept
}

// ID names the version: "marketplace-1".
func (p *Profile) ID() string { return id(p.Name, p.Version) }

// Text is the profile's JSON, as read.
func (p *Profile) Text() []byte { return p.text }

// Digest is the SHA-256 of Text in its canonical form (RFC 8785), hex.
func (p *Profile) Digest() string { return p.digest }

// Document is one version of what is known of a type of document.
type Document struct {
	Name     string    `json:"name"` // "id_card"
	Version  int       `json:"version"`
	Title    string    `json:"title"`
	Format   string    `json:"format"` // size by ISO/IEC 7810: "ID-1", "ID-2", "ID-3"
	Sides    []string  `json:"sides"`  // slots that a picture of a side goes into
	Features []Feature `json:"features"`

	text   []byte
	digest string
}

// Feature is a security feature that can be seen on the document.
type Feature struct {
	Code string `json:"code"` // "FEATURE_HOLOGRAM"
	Kind string `json:"kind"` // "optically_variable", "print", "tactile", "transparent"
}

const opticallyVariable = "optically_variable"

// ID names the version: "id_card-1".
func (d *Document) ID() string { return id(d.Name, d.Version) }

// Text is the document type's JSON, as read.
func (d *Document) Text() []byte { return d.text }

// Digest is the SHA-256 of Text in its canonical form (RFC 8785), hex.
func (d *Document) Digest() string { return d.digest }

// has reports that the document shows the slot's side, or that the slot is no
// side of a document.
func (d *Document) has(slot string) bool {
	if slot != "DOC_FRONT" && slot != "DOC_BACK" {
		return true
	}
	for _, side := range d.Sides {
		if side == slot {
			return true
		}
	}
	return false
}
