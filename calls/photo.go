package calls

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/jpeg" // photos are of these two kinds
	_ "image/png"
	"time"

	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// How long a seller's page has for a photo. It is held in memory meanwhile, so
// one that is under way when the node ends has to be asked for again.
const (
	announceTime = 20 * time.Second // from the request to the announcement
	uploadTime   = 2 * time.Minute  // from there to the last byte
)

// shooting is a sensor photo under way, owned by Call.run. After it failed it
// stays, so that the console can say why.
type shooting struct {
	slot, nonce string
	phase       string // of protocol.PhotoProgress
	why         string // it failed
	ends        time.Time
	announced   rooms.Announcement
	data        []byte
	beside      *rooms.Capture // the stream's frame at the shutter, once it is stored
	whole       bool           // every byte is here and is the announced one
}

func (p *shooting) open() bool { return p != nil && p.phase != "failed" }

// onPhoto asks the seller's page for a photo.
func (c *Call) onPhoto(slot string) error {
	if _, _, err := c.sellerPicture(); err != nil {
		return err
	}
	switch {
	case c.photo.open():
		return protocol.Faultf(protocol.CodeConflict, "A photo is being taken already.")
	case !c.seller.device.Photo || c.seller.seat == nil:
		return protocol.Faultf(protocol.CodeWrongState, "The seller's device can't take a photo beside the running camera.")
	}
	nonce := make([]byte, 16)
	rand.Read(nonce) // never fails, crypto/rand
	c.photo = &shooting{slot: slot, nonce: hex.EncodeToString(nonce), phase: "asked", ends: time.Now().Add(announceTime)}
	c.dirty = true
	c.seller.seat.send("", &protocol.Photo{Nonce: c.photo.nonce, Slot: slot, Seconds: int(announceTime / time.Second)})
	return nil
}

// onPhotoAnnounce writes the digest down before a byte of the photo is taken,
// and keeps the stream's next key frame beside it.
func (c *Call) onPhotoAnnounce(ctx context.Context, actor string, msg *protocol.PhotoAnnounce) error {
	p := c.photo
	if !p.open() || p.phase != "asked" || p.nonce != msg.Nonce || time.Now().After(p.ends) {
		return protocol.Faultf(protocol.CodeWrongState, "This photo was not asked for, or it comes too late.")
	}
	rec, source, err := c.sellerPicture()
	if err != nil {
		return err
	}
	after := time.Now()
	err = c.command(ctx, actor, rooms.AnnouncePhoto{Announcement: rooms.Announcement{
		Slot: p.slot, Nonce: p.nonce, SHA256: msg.SHA256, Size: msg.Size}})
	if err != nil {
		return err
	}
	p.announced, p.phase, p.ends = *c.room.Awaited, "sending", after.Add(uploadTime)
	ctx, deadline, parts := c.house.ctx, c.captureDeadline(), c.parts // a picture that is recorded has a transport
	c.job(func() event {
		still, err := c.house.take(ctx, c.id, rec, source, after, deadline)
		if err == nil {
			parts.Follow(ctx)
		}
		return besideTaken{p, rec.ID(), still, err}
	})
	return nil
}

// onPhotoFailed comes too late once the whole photo is here.
func (c *Call) onPhotoFailed(msg *protocol.PhotoFailed) error {
	if c.photo.open() && c.photo.phase != "storing" && c.photo.nonce == msg.Nonce {
		c.photoFails("The seller's device took no photo.")
	}
	return nil
}

func (c *Call) photoFails(why string) {
	c.photo.phase, c.photo.why, c.photo.data, c.dirty = "failed", why, nil, true
	c.log.Warn("no photo", "slot", c.photo.slot, "why", why)
}

// watchPhoto gives up what takes too long.
func (c *Call) watchPhoto(now time.Time) {
	if c.photo.open() && c.photo.phase != "storing" && now.After(c.photo.ends) {
		c.photoFails("The photo did not come in time.")
	}
}

// besideTaken brings the stream's frame at the shutter.
type besideTaken struct {
	photo     *shooting
	recording string
	still     still
	err       error
}

func (e besideTaken) apply(ctx context.Context, c *Call) {
	if c.photo != e.photo || !c.photo.open() {
		return
	}
	if e.err != nil {
		c.photoFails("The stream's picture beside the photo did not come in time.")
		return
	}
	f := e.still.frame
	e.photo.beside = &rooms.Capture{Slot: e.photo.slot, SHA256: e.still.digest, FrameSHA256: f.SHA256, Width: e.still.width,
		Height: e.still.height, RTP: f.RTP, At: f.At.UTC(), Recording: e.recording, Frame: f.N}
	c.storePhoto()
}

// Chunk is a piece of a photo's upload. Data may not be written to after.
type Chunk struct {
	Nonce  string
	Offset int64  // of Data in the photo
	Data   []byte // empty: only asks how much has arrived
}

// Upload takes a piece of the photo that the room's call waits for, and gives
// how many bytes have arrived. A piece is taken if it begins there, so an upload
// goes on after a lost connection by asking first. Errors are *protocol.Fault:
// not_found for a photo that nobody waits for, or of another room; conflict for
// another offset; wrong_state when it is too late; malformed for bytes that are
// not the announced ones.
func (h *House) Upload(ctx context.Context, room string, piece Chunk) (received int64, err error) {
	h.mu.Lock()
	c := h.calls[room]
	h.mu.Unlock()
	none := protocol.Faultf(protocol.CodeNotFound, "No photo is awaited here.")
	if c == nil {
		return 0, none
	}
	e := uploaded{piece, make(chan uploadReply, 1)}
	c.post(e)
	select {
	case r := <-e.reply:
		return r.received, r.err
	case <-c.done:
		return 0, none
	case <-ctx.Done(): // the piece may be taken still, and asking again tells
		return 0, &protocol.Fault{Code: protocol.CodeUnavailable, Message: "Not answered in time. Try again.", Err: ctx.Err()}
	}
}

type uploadReply struct {
	received int64
	err      error
}

type uploaded struct {
	piece Chunk
	reply chan uploadReply // capacity 1
}

func (e uploaded) apply(_ context.Context, c *Call) {
	received, err := c.takeChunk(e.piece)
	e.reply <- uploadReply{received, err}
}

func (c *Call) takeChunk(piece Chunk) (int64, error) {
	p := c.photo
	switch {
	case p == nil || p.nonce != piece.Nonce || p.phase == "asked":
		return 0, protocol.Faultf(protocol.CodeNotFound, "No photo is awaited here, or it was not announced first.")
	case !p.open() || time.Now().After(p.ends):
		return 0, protocol.Faultf(protocol.CodeWrongState, "This photo comes too late.")
	case len(piece.Data) == 0:
		return int64(len(p.data)), nil
	case piece.Offset != int64(len(p.data)):
		return 0, protocol.Faultf(protocol.CodeConflict, "The next piece begins elsewhere; ask how much has arrived.")
	case piece.Offset+int64(len(piece.Data)) > p.announced.Size:
		return 0, protocol.Faultf(protocol.CodeTooLarge, "The photo is larger than was announced.")
	}
	p.data = append(p.data, piece.Data...)
	c.dirty = true
	received := int64(len(p.data))
	if received < p.announced.Size {
		return received, nil
	}
	if sum := sha256.Sum256(p.data); hex.EncodeToString(sum[:]) != p.announced.SHA256 {
		c.photoFails("The photo that came isn't the announced one.")
		return 0, protocol.Faultf(protocol.CodeMalformed, "These bytes are not the photo that was announced.")
	}
	p.whole, p.phase = true, "storing"
	c.storePhoto()
	return received, nil
}

// storePhoto stores the photo beside the call once it and its frame are here.
func (c *Call) storePhoto() {
	p := c.photo
	if !p.whole || p.beside == nil {
		return
	}
	h, id := c.house, c.id
	data, announced, beside := p.data, p.announced, *p.beside // p is run's
	c.job(func() event {
		mime, width, height, err := checkPhoto(data)
		if err == nil {
			err = h.depot.Keep(context.WithoutCancel(h.ctx), id, depot.PhotoName(id, announced.SHA256, mime), data)
		}
		return photoStored{p, rooms.Photo{Announcement: announced, Mime: mime, Width: width, Height: height, Beside: beside}, err}
	})
}

// photoStored says that the photo is in the evidence store, or why not.
type photoStored struct {
	shooting *shooting
	photo    rooms.Photo
	err      error
}

func (e photoStored) apply(ctx context.Context, c *Call) {
	if c.photo != e.shooting || !c.photo.open() {
		return
	}
	if e.err == nil {
		e.err = c.command(ctx, "seller", rooms.TakePhoto{Photo: e.photo})
	}
	if e.err != nil {
		c.photoFails(Fault(e.err).Message)
		return
	}
	c.log.Info("photo taken", "slot", e.photo.Slot, "width", e.photo.Width, "height", e.photo.Height)
	c.photo, c.dirty = nil, true
}

// photoProgress is what the console shows of the photo under way.
func (c *Call) photoProgress() *protocol.PhotoProgress {
	p := c.photo
	if p == nil {
		return nil
	}
	return &protocol.PhotoProgress{Slot: p.slot, Phase: p.phase, Received: int64(len(p.data)), Size: p.announced.Size, Why: p.why}
}

// maxPhotoPixels bounds what is decoded of a photo: 64 megapixels.
const maxPhotoPixels = 64 << 20

// checkPhoto reads what a photo's head says. It isn't decoded: phones make 50
// megapixels, and whoever looks at it sees whether it is whole.
func checkPhoto(data []byte) (mime string, width, height int, err error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width < 1 || config.Height < 1 || config.Width > maxPhotoPixels/config.Height {
		return "", 0, 0, &protocol.Fault{Code: protocol.CodeNotPicture, Message: "The photo is no picture that can be read.", Err: err}
	}
	return "image/" + format, config.Width, config.Height, nil
}
