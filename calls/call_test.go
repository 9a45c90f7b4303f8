package calls_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"verifycall/access"
	"verifycall/calls"
	"verifycall/calls/protocol"
	"verifycall/media"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/tickets"
)

const film = "../bench/testdata/card.ivf"

// rig is a node in memory and a temporary directory; nothing in it is a stand-in.
type rig struct {
	t     *testing.T
	dir   string
	rooms *rooms.Store
	media *media.Node
	store interface {
		objects.Store
		io.Closer
	}
	vault *vault.Vault
	keys  *evidence.Keys
	house *calls.House
	log   *slog.Logger
	grace time.Duration // 0 = 20 s
	bare  int           // names that the scratch folder began with
	url   string        // of a store in S3; empty: a folder
	mails bool          // codes can be mailed: rooms have the deployment's key
	out   io.Writer     // of the log; nil: none unless verbose

	refused func(*access.Refusal)             // nil: nobody counts
	harmed  func(objects.Store) objects.Store // of store, as the vault gets it; nil: as it is
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigIn(t, t.TempDir())
}

func newRigIn(t *testing.T, dir string) *rig {
	t.Helper()
	r := &rig{t: t, dir: dir}
	r.bare = len(r.scratch())
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *rig) start() {
	r.t.Helper()
	must := func(err error) {
		if err != nil {
			r.t.Fatal(err)
		}
	}
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	if r.out != nil {
		log = textLog(r.out)
	}
	r.log = log
	var err error
	options := rooms.Options{Dir: filepath.Join(r.dir, "redis"), Log: log}
	r.keys, err = evidence.LoadOrCreateKeys(filepath.Join(r.dir, "keys"))
	must(err)
	if r.url == "" {
		r.store, err = objects.OpenFS(filepath.Join(r.dir, "store"))
	} else {
		place, wrong := objects.ParseS3(r.url)
		must(wrong)
		r.store, err = objects.OpenS3(r.t.Context(), place)
		options.Signer, options.Mirror = r.keys, evidence.Mirror{Store: r.store}
	}
	must(err)
	place := objects.Store(r.store)
	if r.harmed != nil {
		place = r.harmed(place)
	}
	r.vault, err = vault.Open(place, filepath.Join(r.dir, "keys"))
	must(err)
	if r.mails {
		options.Signer, options.Mirror = r.keys, evidence.Mirror{Store: r.store}
	}
	options.Keys = r.vault
	r.rooms, err = rooms.Open(r.t.Context(), options)
	must(err)
	r.media, err = media.NewNode(media.Config{Listen: "127.0.0.1:0", Log: log})
	must(err)
	r.house = calls.NewHouse(calls.Config{Rooms: r.rooms, Media: r.media, Evidence: r.vault, Keys: r.keys,
		Scratch: filepath.Join(r.dir, "scratch"), Ship: r.url != "", Log: log, Blip: 300 * time.Millisecond, Grace: cmp.Or(r.grace, 20*time.Second),
		Deadline: 15 * time.Second, Refused: func(no *access.Refusal) {
			if r.refused != nil {
				r.refused(no)
			}
		}})
	must(r.house.Recover(r.t.Context()))
}

func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, err := range []error{r.house.Close(ctx), r.media.Close(), r.rooms.Close(), r.store.Close()} {
		if err != nil {
			r.t.Error(err)
		}
	}
}

// book makes a room for now, hosted by jonas.
func (r *rig) book() string {
	r.t.Helper()
	room, err := r.rooms.Create(r.t.Context(), "api:test", rooms.CreateRoom{
		SellerName: "Anna Maria Eriksson", SellerMail: "anna@example.org", Language: "en", Zone: "America/Toronto",
		At: time.Now(), Manager: "jonas", Application: map[string]string{"surname": "Eriksson", "document_number": "D23145890"},
		Link: rooms.Link{Hash: tickets.HashToken(tickets.NewToken()), Expires: time.Now().Add(time.Hour)},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return room.ID
}

// scratch lists the files of recordings.
func (r *rig) scratch() []string {
	var files []string
	_ = filepath.WalkDir(filepath.Join(r.dir, "scratch"), func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			files = append(files, path)
		}
		return nil
	})
	return files
}

var agree = &protocol.Notice{Version: "2026-11", Language: "en", Agree: true}

// admitted brings a room to a live call with media both ways.
func (r *rig) admitted() (room string, seller, manager *page) {
	r.t.Helper()
	return r.admittedTo(r.book())
}

func (r *rig) admittedTo(room string) (_ string, seller, manager *page) {
	r.t.Helper()
	seller, manager = open(r.t, r.house, room, protocol.RoleSeller, "phone", "tab-seller"), open(r.t, r.house, room, protocol.RoleManager, "desk", "tab-manager")
	seller.do(agree)
	manager.do(agree)
	seller.connect(film)
	manager.connect(film)
	seller.until("media of both", func(s *protocol.State) bool { return s.You.Media && s.Peer != nil && s.Peer.Media })
	if files := r.scratch(); len(files) > r.bare {
		r.t.Fatalf("recorder files before admission: %v", files)
	}
	if n := manager.heard["video"].Load(); n > 0 {
		r.t.Fatalf("%d packets of the seller reached the manager before admission", n)
	}
	manager.do(&protocol.Admit{})
	seller.until("the call", func(s *protocol.State) bool { return s.Room.State == rooms.StateLive && s.Recording })
	wait(r.t, "the seller's picture", func() bool { return manager.heard["video"].Load() > 0 })
	return room, seller, manager
}

func TestWholeCall(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	t.Run("call", func(t *testing.T) {
		r := newRig(t)
		room, seller, manager := r.admitted()
		for name, p := range map[string]*page{"seller": seller, "manager": manager} {
			for _, kind := range []string{"audio", "video"} {
				wait(t, name+" gets "+kind, func() bool { return p.heard[kind].Load() > 5 })
			}
		}
		manager.do(&protocol.Step{Step: protocol.SlotDocFront})
		seller.do(&protocol.Chat{Text: "Is the light good like this?"})
		manager.do(&protocol.Flag{Code: "S_COERCION", Text: "A second voice."})
		manager.do(&protocol.Note{Text: "Only for staff."})
		manager.refused(&protocol.Verdict{Verdict: "pass"}, protocol.CodeLocked)
		seller.do(&protocol.Quality{Path: "relay", Tracks: []protocol.TrackQuality{{Direction: "out", Kind: "video", Kbps: 1234}}})
		seller.do(&protocol.Quality{Path: "udp"}) // too soon: not kept
		for _, slot := range protocol.Slots {
			manager.do(&protocol.Capture{Slot: slot})
		}
		manager.do(&protocol.Capture{Slot: protocol.SlotDocFront}) // a retake keeps the earlier one
		front := manager.until("five stills", func(s *protocol.State) bool { return len(s.Staff.Captures) == 5 }).Staff.Captures[1]
		region := protocol.Crop{Still: front.SHA256, X: 10, Y: 20, Width: 60, Height: 40}
		manager.do(&region)
		region.X = front.Width - 59
		manager.refused(&region, protocol.CodeMalformed)
		manager.until("the region", func(s *protocol.State) bool { return len(s.Staff.Crops) == 1 && s.Staff.Crops[0].Still == front.SHA256 }) // the film repeats a picture in every slot
		for _, item := range slices.Concat(protocol.FaceFeatures, protocol.Items) {
			manager.do(&protocol.Compare{Item: item, Decision: "same", Typed: "D23145890"})
		}
		r.checkForeseen(seller)
		for _, s := range manager.until("the plan", func(s *protocol.State) bool { return len(s.Steps) > 0 }).Steps {
			if s.Kind == "feature" || s.Kind == "challenge" || s.Kind == "question" {
				manager.do(&protocol.StepResult{Step: s.Step, Result: "done"})
			}
		}
		state := manager.until("an open pass", func(s *protocol.State) bool { return len(s.Staff.Missing) == 0 })
		if n := len(state.Staff.Captures); n != 5 {
			t.Fatalf("%d captures, want 5", n)
		}
		manager.pass("Thank you, Anna.")
		digest := seller.until("the digest", func(s *protocol.State) bool { return s.Outcome != nil && s.Outcome.Digest != "" }).Outcome.Digest
		r.checkRecord(room, digest)
		r.checkFigures(room)
		r.checkDisk("Eriksson", "anna@example.org", "D23145890", "Only for staff", "second voice", "WEBPVP8 ", "matroska", "\x1a\x45\xdf\xa3", "V_VP8", "frame_sha256\":")
		for _, secret := range []string{"S_COERCION", "second voice", "Only for staff", `"staff"`, "document_number"} {
			if bytes.Contains(seller.sent(), []byte(secret)) {
				t.Errorf("the seller was sent %q", secret)
			}
		}
	})
}

// checkForeseen looks for steps to come in what the seller was sent.
func (r *rig) checkForeseen(seller *page) {
	r.t.Helper()
	for _, kind := range []string{"FEATURE_", "CHALLENGE_", "QUESTION_"} {
		if bytes.Contains(seller.sent(), []byte(kind)) {
			r.t.Errorf("the seller was sent a step %s… before it came", kind)
		}
	}
}

// checkFigures looks for what server and page have said of the media.
func (r *rig) checkFigures(room string) {
	r.t.Helper()
	file, _, err := r.vault.Open(r.t.Context(), vault.Room(room), vault.Record, evidence.Prefix(room)+"data/quality.jsonl")
	if err != nil {
		r.t.Fatal(err)
	}
	defer file.Close()
	var server, seller int
	for lines := json.NewDecoder(file); ; {
		var line struct {
			Who, Path string
			Tracks    []protocol.TrackHealth
		}
		if err := lines.Decode(&line); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			r.t.Fatal(err)
		}
		switch {
		case line.Who == "server":
			server++
		case line.Who == "seller" && line.Path == "relay" && line.Tracks[0].Kbps == 1234:
			seller++
		default:
			r.t.Errorf("a line %+v", line)
		}
	}
	if server == 0 || seller != 1 {
		r.t.Errorf("%d lines of the server, %d of the seller's page", server, seller)
	}
}

// checkDisk looks for plaintext of a person in every file: recordings, store,
// journal. Digests in the ledger are no plaintext.
func (r *rig) checkDisk(plain ...string) {
	r.t.Helper()
	files := 0
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		ledger := strings.Contains(path, "/redis/")
		for _, p := range plain {
			if bytes.Contains(content, []byte(p)) && !(ledger && p == "frame_sha256\":") {
				r.t.Errorf("%s holds %q", strings.TrimPrefix(path, r.dir), p)
			}
		}
		return nil
	})
	if err != nil || files < 10 {
		r.t.Errorf("looked into %d files, %v", files, err)
	}
}

// checkRecord verifies the bundle as the auditor would.
func (r *rig) checkRecord(room, digest string) {
	r.t.Helper()
	report, err := evidence.VerifyStore(r.t.Context(), r.vault, evidence.Prefix(room), []string{r.keys.Public()})
	if err != nil || !report.Whole || !report.SignerKnown {
		r.t.Fatalf("bundle: %+v, %v", report, err)
	}
	now, err := r.rooms.Load(r.t.Context(), room)
	if err != nil {
		r.t.Fatal(err)
	}
	if now.Bundle != digest || !now.Sealed || now.State != rooms.StateDecided && now.State != rooms.StateInReview { // the lot may draw it
		r.t.Fatalf("room is %s, sealed %v, bundle %s, want %s", now.State, now.Sealed, now.Bundle, digest)
	}
	wait(r.t, "parts deleted", func() bool {
		return !slices.ContainsFunc(r.scratch(), func(path string) bool { return filepath.Base(path) == room })
	})
}

func TestSellerMayNotHost(t *testing.T) {
	r := newRig(t)
	seller := open(t, r.house, r.book(), protocol.RoleSeller, "phone", "tab-seller")
	for _, m := range []protocol.ClientMessage{&protocol.Admit{}, &protocol.Capture{Slot: "FACE"}, &protocol.Step{Step: "FACE"}, &protocol.StepResult{Step: "FEATURE_HOLOGRAM", Result: "done"},
		&protocol.Compare{Item: "name", Decision: "same"}, &protocol.Note{Text: "x"}, &protocol.Flag{Code: "S_FRAUD"},
		&protocol.Verdict{Verdict: "pass"}, &protocol.AllowDevice{Allow: true}} {
		seller.refused(m, protocol.CodeForbidden)
	}
	seller.refused(&protocol.Offer{SDP: "v=0"}, protocol.CodeBadSDP) // a rehearsal's: nothing of it is recorded
	seller.do(agree)
	seller.refused(&protocol.Offer{SDP: "v=0"}, protocol.CodeBadSDP)
}

func TestStrangerManagerIsRefused(t *testing.T) {
	r := newRig(t)
	_, err := r.house.Join(t.Context(), calls.Join{Room: r.book(), Role: protocol.RoleManager, Subject: "other", Out: &page{t: t}})
	if err == nil {
		t.Fatal("a manager joined a room of somebody else")
	}
}

func TestDeclining(t *testing.T) {
	r := newRig(t)
	seller := open(t, r.house, r.book(), protocol.RoleSeller, "phone", "tab-seller")
	seller.do(&protocol.Notice{Version: "2026-11", Language: "en", Agree: false})
	state := seller.until("the end", func(s *protocol.State) bool { return s.Room.State == rooms.StateAborted })
	if state.Room.Cause != rooms.NoConsent || len(r.scratch()) > 0 {
		t.Fatalf("cause %q, files %v", state.Room.Cause, r.scratch())
	}
}

// TestLeavingTheWaitingRoom: who left on purpose isn't put back by a lost
// connection, only by agreeing again.
func TestLeavingTheWaitingRoom(t *testing.T) {
	r := newRig(t)
	room := r.book()
	seller := open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller")
	seller.do(agree)
	seller.until("the waiting room", func(s *protocol.State) bool { return s.Room.State == rooms.StateWaiting })
	seller.do(&protocol.End{})
	again := open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller")
	if s := again.until("a state", func(*protocol.State) bool { return true }); s.Room.State != rooms.StateBooked {
		t.Fatalf("the room is %s", s.Room.State)
	}
	again.do(agree)
	again.until("the waiting room", func(s *protocol.State) bool { return s.Room.State == rooms.StateWaiting })
}

func TestAnotherTabAndAnotherDevice(t *testing.T) {
	r := newRig(t)
	room := r.book()
	first := open(t, r.house, room, protocol.RoleSeller, "phone", "tab-one-one")
	manager := open(t, r.house, room, protocol.RoleManager, "desk", "tab-manager")
	second := open(t, r.house, room, protocol.RoleSeller, "phone", "tab-two-two")
	wait(t, "the first tab to be told", func() bool {
		first.mu.Lock()
		defer first.mu.Unlock()
		m, told := first.last.(*protocol.Replaced)
		return told && m.By == "tab" && first.closed == 4001
	})
	second.do(agree)
	tablet := open(t, r.house, room, protocol.RoleSeller, "tablet", "tab-three")
	tablet.refused(agree, protocol.CodeNeedsAllow)
	manager.until("the question", func(s *protocol.State) bool { return s.Staff.NewDevice })
	manager.do(&protocol.AllowDevice{Allow: true})
	tablet.until("its state", func(s *protocol.State) bool { return s.You.Notice == rooms.NoticeAgreed })
	wait(t, "the phone to be told", func() bool {
		second.mu.Lock()
		defer second.mu.Unlock()
		m, told := second.last.(*protocol.Replaced)
		return told && m.By == "device"
	})
}

func TestComingBackAndWithdrawing(t *testing.T) {
	r := newRig(t)
	room, seller, manager := r.admitted()
	seller.hangUp() // the tab is reloaded
	seller = open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller")
	seller.connect(film)
	seller.until("the same call", func(s *protocol.State) bool { return s.Room.State == rooms.StateLive && s.Recording })

	seller.hangUp() // and now it is away for long
	manager.until("the interruption", func(s *protocol.State) bool {
		return s.Room.State == rooms.StateInterrupted && s.GraceEnds != nil && !s.Recording
	})
	seller = open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller")
	seller.connect(film)
	seller.until("the call again", func(s *protocol.State) bool { return s.Room.State == rooms.StateLive && s.Recording })

	seller.do(&protocol.Withdraw{})
	state := seller.until("the recording to stop", func(s *protocol.State) bool { return !s.Recording })
	if state.You.Notice != rooms.NoticeWithdrawn {
		t.Fatalf("notice is %q", state.You.Notice)
	}
	manager.refused(&protocol.Capture{Slot: "FACE"}, protocol.CodeNoVideo)
	manager.do(&protocol.Verdict{Verdict: "abort", Reasons: []string{"P_NO_CONSENT"}})
	digest := manager.until("the digest", func(s *protocol.State) bool { return s.Outcome != nil && s.Outcome.Digest != "" }).Outcome.Digest
	r.checkRecord(room, digest)
}

// TestPageThatNeverConnects: a page that takes the seat over and brings no media is
// a loss as any other.
func TestPageThatNeverConnects(t *testing.T) {
	r := newRig(t)
	room, _, manager := r.admitted()
	seller := open(t, r.house, room, protocol.RoleSeller, "phone", "tab-another")
	lost := manager.until("the interruption", func(s *protocol.State) bool { return s.Room.State == rooms.StateInterrupted })
	if lost.Room.Cause != "seller_lost" || !lost.Peer.Connected {
		t.Errorf("interrupted by %q", lost.Room.Cause)
	}
	seller.connect(film)
	manager.until("the call again", func(s *protocol.State) bool { return s.Room.State == rooms.StateLive && s.Recording })
}

// TestNodeStopsAndStartsAgain: people are told, the call goes on after the
// restart, and what was recorded before is in the record.
func TestNodeStopsAndStartsAgain(t *testing.T) {
	r := newRig(t)
	room, seller, manager := r.admitted()
	manager.do(&protocol.Capture{Slot: protocol.SlotFace})
	r.stop()
	for _, p := range []*page{seller, manager} {
		p.mu.Lock()
		if bye, told := p.last.(*protocol.Bye); !told || bye.Cause != "server_stopping" || p.closed != 1001 {
			t.Errorf("%s was told %+v, closed %d", p.role, p.last, p.closed)
		}
		p.mu.Unlock()
		p.drop()
	}
	r.start()
	seller, manager = open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller"), open(t, r.house, room, protocol.RoleManager, "desk", "tab-manager")
	seller.connect(film)
	manager.connect(film)
	seller.until("the call again", func(s *protocol.State) bool { return s.Room.State == rooms.StateLive && s.Recording })
	wait(t, "the seller's picture", func() bool { return manager.heard["video"].Load() > 0 })
	manager.do(&protocol.Capture{Slot: protocol.SlotDocFront})
	manager.do(&protocol.Verdict{Verdict: "recapture", Reasons: []string{"Q_BLUR"}, Repeat: []string{"DOC_BACK"}})
	digest := manager.until("the digest", func(s *protocol.State) bool { return s.Outcome != nil && s.Outcome.Digest != "" }).Outcome.Digest
	r.checkRecord(room, digest)
}
