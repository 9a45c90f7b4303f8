package protocol

import "slices"

// Role says what a connection may do.
type Role string

// The roles of this version.
const (
	RoleSeller  Role = "seller"
	RoleManager Role = "manager" // the account manager, host of the call
	RoleAuditor Role = "auditor"
)

// NoticeVersions are those of the notice's text that pages may show: a version
// stands in the ledger, so it must be one whose words are known.
var NoticeVersions = []string{"2026-11"}

// Slots of the checklist that a capture goes into.
const (
	SlotFace        = "FACE"
	SlotDocFront    = "DOC_FRONT"
	SlotDocBack     = "DOC_BACK"
	SlotFaceWithDoc = "FACE_WITH_DOC"
)

// Slots lists the capture slots in plan order.
var Slots = []string{SlotFace, SlotDocFront, SlotDocBack, SlotFaceWithDoc}

// CaptureKinds are what a manager can ask for: a still that is byte for byte a
// frame of the recording, a clip of some 5 s of it, a photo of the sensor.
var CaptureKinds = []string{"frame", "clip", "photo"}

// Items lists what is compared by eye, in plan order.
var Items = []string{"face", "name", "number", "birth_date"}

// FaceFeatures are compared by eye, each an item of its own, before "face".
var FaceFeatures = []string{
	"face_shape", "face_hairline", "face_forehead", "face_eyebrows", "face_eyes", "face_nose_bridge",
	"face_nose_tip", "face_mouth", "face_chin", "face_ears", "face_marks", "face_overall",
}

// Commands are what a manager can have the seller's device do.
var Commands = []string{"flip", "torch", "zoom"}

// Decisions of one compared item.
var Decisions = []string{"same", "different", "not_visible"}

// Verdicts that a manager can give.
var Verdicts = []string{"pass", "recapture", "refer", "fail", "abort"}

// Reasons are the coded reasons of a verdict.
var Reasons = []string{
	"Q_BLUR", "Q_GLARE", "Q_DARK", "Q_CROPPED", "Q_FRAMERATE", "Q_AUDIO",
	"D_TYPE_NOT_ACCEPTED", "D_EXPIRED", "D_DAMAGED", "D_COPY_OR_SCREEN", "D_MRZ_CHECKDIGIT", "D_FEATURE_FAIL",
	"M_NAME", "M_DOB", "M_NUMBER", "M_ADDRESS", "M_FACE_DOUBT", "M_AUTHORITY",
	"C_PROMPTING", "C_THIRD_PERSON", "C_REFUSED_STEP",
	"P_NO_CONSENT", "P_CODE_FAIL", "P_DISCONNECT", "P_RETRY_CAP", "P_RECORDER_GAP", "P_AGENT_FAULT",
}

// Flags are silent: staff alone may ever see them.
var Flags = []string{"S_COERCION", "S_SUSPECTED_INJECTION", "S_FRAUD"}

// StepKinds are the kinds of steps of a plan. A capture's code is its slot; that of
// a feature begins with FEATURE_, of a challenge with CHALLENGE_, of a question
// with QUESTION_; CODE is the step of the mailed code, COMPARE the last one.
var StepKinds = []string{"capture", "feature", "challenge", "question", "code", "compare"}

// StepResults are what can come of a feature, a challenge or a question.
var StepResults = []string{"done", "failed", "skipped", "open"}

// SkipReasons are why such a step can be skipped.
var SkipReasons = []string{"not_on_document", "seller_cannot", "not_visible", "technical"}

func oneOf(value string, set []string) bool { return slices.Contains(set, value) }
