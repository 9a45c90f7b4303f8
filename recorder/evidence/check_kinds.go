package evidence

import (
	"fmt"
	"slices"
	"strings"
)

// The kinds of captures.
const (
	kindFrame = "frame" // a still that is byte for byte a frame of the recording
	kindClip  = "clip"  // a stretch of the recording, from key frame to key frame
	kindPhoto = "photo" // of the sensor, announced before it came; beside it a frame of the stream
)

// clipEnd is what the body of a clip's entry says of its last frame. Of its first
// it says what a frame's entry says.
type clipEnd struct {
	Last       int64  `json:"last"`
	LastSHA256 string `json:"last_sha256"`
	LastRTP    uint32 `json:"last_rtp"`
}

// photoFile is what the body of a photo's entry says beside a frame's. SHA256,
// Width and Height are of the photo, FrameSHA256, RTP, Recording and Frame of the
// stream's frame beside it.
type photoFile struct {
	Nonce       string `json:"nonce"`
	Mime        string `json:"mime"`
	Size        int64  `json:"size"`
	Still       string `json:"still"` // SHA-256 of the WebP file of the frame
	FrameWidth  int    `json:"frame_width"`
	FrameHeight int    `json:"frame_height"`
}

// announced is the body of an entry that says what a photo will be.
type announced struct {
	Seq    int64  `json:"-"`
	Nonce  string `json:"nonce"`
	Slot   string `json:"slot"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// checkKind checks what is special to a capture's kind, and gives the still that
// belongs to it as the body of a frame's entry, nil where it has none.
func (v *verification) checkKind(c capture) (still *capture, err error) {
	switch c.Kind {
	case kindFrame:
		return &c, nil
	case kindClip:
		return nil, v.checkClip(c)
	case kindPhoto:
		if err := v.checkPhoto(c); err != nil {
			return nil, err
		}
		c.SHA256, c.Width, c.Height = c.Still, c.FrameWidth, c.FrameHeight
		return &c, nil
	}
	return nil, isWrong(ledgerFile, "entry %d: captures of kind %q aren't known to this version", c.Seq, c.Kind)
}

// checkClip checks that both ends of a clip are the key frames that its entry
// names; the frames between follow from their numbers.
func (v *verification) checkClip(c capture) error {
	for _, end := range []struct {
		n      int64
		sha256 string
		rtp    uint32
	}{{c.Frame, c.FrameSHA256, c.RTP}, {c.Last, c.LastSHA256, c.LastRTP}} {
		line, found := v.frames[frameID{c.Recording, end.n}]
		if !found || line.SHA256 != end.sha256 || line.RTP != end.rtp || !line.Key {
			return isWrong(ledgerFile, "entry %d: frame %d of recording %q isn't the clip's end", c.Seq, end.n, c.Recording)
		}
	}
	if c.Last <= c.Frame {
		return isWrong(ledgerFile, "entry %d: the clip doesn't go forward", c.Seq)
	}
	return nil
}

// checkPhoto checks that a photo's file is there, and that an entry before
// announced it.
func (v *verification) checkPhoto(c capture) error {
	name := photosDir + c.SHA256 + photoExtension(c.Mime)
	if !isDigest(c.SHA256) || v.payload.digest(name) != c.SHA256 {
		return isWrong(name, "is missing or isn't named by its digest, entry %d names it", c.Seq)
	}
	told := slices.ContainsFunc(v.record.announced, func(a announced) bool {
		return a.Seq < c.Seq && a.Nonce == c.Nonce && a.Slot == c.Slot && a.SHA256 == c.SHA256 && a.Size == c.Size
	})
	if !told {
		return isWrong(name, "wasn't announced before entry %d", c.Seq)
	}
	return nil
}

// checkPhotosListed checks that no photo lies there that no entry names.
func (v *verification) checkPhotosListed() error {
	for _, line := range v.payload {
		named := slices.ContainsFunc(v.record.captures, func(c capture) bool {
			return c.Kind == kindPhoto && line.Name == photosDir+c.SHA256+photoExtension(c.Mime)
		})
		if strings.HasPrefix(line.Name, photosDir) && !named {
			return isWrong(line.Name, "belongs to no capture of the ledger")
		}
	}
	return nil
}

// photoExtension gives the ending of a photo's file.
func photoExtension(mime string) string {
	kind, _ := strings.CutPrefix(mime, "image/")
	if kind == "jpeg" {
		return ".jpg"
	}
	return fmt.Sprintf(".%s", kind)
}
