package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/webm"
	"verifycall/recorder/webp"
)

// indexLine is one line of a frame index: one frame of the recording, in the
// order of the file.
type indexLine struct {
	N      int64  `json:"n"`     // from 1, per track
	Track  string `json:"track"` // "video" or "audio"
	RTP    uint32 `json:"rtp"`
	MS     int64  `json:"ms"` // from the recording's start
	At     string `json:"at"` // arrival, RFC 3339
	Size   int    `json:"size"`
	Key    bool   `json:"key"`
	SHA256 string `json:"sha256"`
}

// frameID names a video frame of a bundle.
type frameID struct {
	recording string
	n         int64
}

// checkRecordings reads every recording beside its frame index and compares
// its digest with the manifest's and each frame with its line. The lines of captured frames are kept for
// checkStills.
func (v *verification) checkRecordings(ctx context.Context) (string, error) {
	v.frames = map[frameID]indexLine{}
	wanted := map[frameID]bool{}
	for _, c := range v.record.captures {
		wanted[frameID{c.Recording, c.Frame}] = true
		wanted[frameID{c.Recording, c.Last}] = true
	}
	var ids []string
	for _, line := range v.payload {
		if id, found := strings.CutPrefix(line.Name, framesDir); found {
			id = strings.TrimSuffix(id, ".jsonl")
			if v.payload.digest(recordingDir+id+".webm") == "" {
				return "", isWrong(line.Name, "has no recording")
			}
		}
		id, found := strings.CutPrefix(line.Name, recordingDir)
		if !found {
			continue
		}
		ids = append(ids, strings.TrimSuffix(id, ".webm"))
	}
	var finding sync.Mutex // guards v.frames and frames
	frames := int64(0)
	err := beside(len(ids), func(i int) error {
		n, err := v.checkRecording(ctx, ids[i], func(line indexLine) {
			if at := (frameID{ids[i], line.N}); line.Track == "video" && wanted[at] {
				finding.Lock()
				v.frames[at] = line
				finding.Unlock()
			}
		})
		finding.Lock()
		frames += n
		finding.Unlock()
		return err
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d recordings have their digests, %d frames are those of their indexes", len(ids), frames), nil
}

// checkRecording compares one recording with its index and gives the number of
// frames.
func (v *verification) checkRecording(ctx context.Context, id string, found func(indexLine)) (int64, error) {
	video, index := recordingDir+id+".webm", framesDir+id+".jsonl"
	if v.payload.digest(index) == "" {
		return 0, isWrong(video, "has no frame index")
	}
	file, err := v.bag.open(ctx, video)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	sum := sha256.New()
	read := io.TeeReader(objects.Until(ctx, file), sum)
	n, err := v.compareFrames(ctx, read, video, index, found)
	if fault := (*wrong)(nil); err != nil && !errors.As(err, &fault) {
		return 0, err
	}
	// Where the bytes aren't those listed, that is what is wrong, whatever was found in them.
	if _, readErr := io.Copy(io.Discard, read); readErr != nil {
		return 0, readErr
	}
	if digest := hex.EncodeToString(sum.Sum(nil)); digest != v.payload.digest(video) {
		return 0, isWrong(video, "has the digest %s instead of %s", digest, v.payload.digest(video))
	}
	return n, err
}

// compareFrames compares the frames of a recording with the lines of its index.
func (v *verification) compareFrames(ctx context.Context, recording io.Reader, video, index string, found func(indexLine)) (int64, error) {
	list, err := v.bag.open(ctx, index)
	if err != nil {
		return 0, err
	}
	defer list.Close()
	blocks, err := webm.NewReader(recording)
	if err != nil {
		return 0, webmFault(video, err)
	}
	rows := newLines(objects.Until(ctx, list), index)
	count := map[string]int64{}
	for {
		block, err := blocks.Next()
		row, rowErr := rows.next()
		switch {
		case errors.Is(err, io.EOF) && errors.Is(rowErr, io.EOF):
			return count["video"] + count["audio"], nil
		case errors.Is(err, io.EOF) && rowErr == nil:
			return 0, isWrong(index, "line %d: the recording has no more frames", rows.number)
		case err == nil && errors.Is(rowErr, io.EOF):
			return 0, isWrong(index, "ends after %d lines, the recording goes on", rows.number)
		case err != nil && !errors.Is(err, io.EOF):
			return 0, webmFault(video, err)
		case rowErr != nil:
			return 0, rowErr
		}
		line, why := matchFrame(block, row, count)
		if why != nil {
			return 0, isWrong(index, "line %d: %v", rows.number, why)
		}
		found(line)
	}
}

// matchFrame compares a frame of a recording with its index line. count holds
// the number of frames before it, by track.
func matchFrame(block webm.Block, row []byte, count map[string]int64) (line indexLine, err error) {
	if err := strictJSON(row, &line); err != nil {
		return line, err
	}
	track := "video"
	if block.Track == webm.AudioTrack {
		track = "audio"
	}
	count[track]++
	switch {
	case line.Track != track || line.N != count[track]:
		return line, fmt.Errorf("is %s frame %d, the recording has %s frame %d there", line.Track, line.N, track, count[track])
	case line.MS != block.MS || line.Key != block.Key:
		return line, fmt.Errorf("%s frame %d is at %d ms (key %t), in the recording at %d ms (key %t)",
			track, line.N, line.MS, line.Key, block.MS, block.Key)
	case line.Size != len(block.Data) || line.SHA256 != sumOf(block.Data):
		return line, fmt.Errorf("%s frame %d isn't the recording's", track, line.N)
	}
	return line, nil
}

// webmFault tells a broken recording from one that can't be read.
func webmFault(name string, err error) error {
	if errors.Is(err, webm.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
		return isWrong(name, "%v", err)
	}
	return err
}

// checkStills checks that every still of a capture is byte for byte the frame
// of the recording that its entry names, and that there is no other still; clips
// and photos as checkClip and checkPhoto say.
func (v *verification) checkStills(ctx context.Context) (string, error) {
	taken := map[string]bool{}
	for _, c := range v.record.captures {
		still, err := v.checkKind(c)
		if err != nil {
			return "", err
		}
		if still == nil {
			continue
		}
		c, name := *still, stillsDir+still.SHA256+".webp"
		if !isDigest(c.SHA256) || v.payload.digest(name) != c.SHA256 {
			return "", isWrong(name, "is missing or isn't named by its digest, entry %d names it", c.Seq)
		}
		if err := v.checkStill(ctx, name, c); err != nil {
			return "", err
		}
		taken[name] = true
	}
	for _, line := range v.payload {
		if strings.HasPrefix(line.Name, stillsDir) && !taken[line.Name] {
			return "", isWrong(line.Name, "belongs to no capture of the ledger")
		}
	}
	if err := v.checkPhotosListed(); err != nil {
		return "", err
	}
	if err := v.record.checkCrops(); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d captures: stills are byte for byte frames of their recordings", len(v.record.captures)), nil
}

// checkStill follows one capture from the still through the ledger to the
// recording.
func (v *verification) checkStill(ctx context.Context, name string, c capture) error {
	file, err := readWhole(ctx, v.bag, name, maxStill)
	if err != nil {
		return err
	}
	frame, err := webp.Unwrap(file)
	if err != nil {
		return isWrong(name, "%v", err)
	}
	key, err := webp.ParseKeyFrame(frame)
	if err != nil {
		return isWrong(name, "%v", err)
	}
	digest := sumOf(frame)
	recorded, found := v.frames[frameID{c.Recording, c.Frame}]
	switch {
	case digest != c.FrameSHA256:
		return isWrong(name, "holds the frame %s, entry %d says %s", digest, c.Seq, c.FrameSHA256)
	case key.Width != c.Width || key.Height != c.Height:
		return isWrong(name, "is %d×%d pixels, entry %d says %d×%d", key.Width, key.Height, c.Seq, c.Width, c.Height)
	case !found:
		return isWrong(name, "entry %d names frame %d of recording %q, which isn't there", c.Seq, c.Frame, c.Recording)
	case recorded.SHA256 != digest || recorded.RTP != c.RTP || !recorded.Key:
		return isWrong(name, "isn't frame %d of recording %s, as entry %d says", c.Frame, c.Recording, c.Seq)
	}
	return nil
}

// roomFacts is what a verification reads of data/room.json.
type roomFacts struct {
	Room       string `json:"room"`
	Recordings []struct {
		ID string `json:"id"`
	} `json:"recordings"`
}

// checkFacts checks that data/room.json is of the signature's room and lists
// the recordings that are there, and that profile and plan are JSON.
func (v *verification) checkFacts(ctx context.Context) (string, error) {
	var facts roomFacts
	for _, part := range []struct {
		name string
		into any
	}{{roomFile, &facts}, {profileFile, new(any)}, {planFile, new(any)}} {
		text, err := readWhole(ctx, v.bag, part.name, maxJSON)
		if err != nil {
			return "", err
		}
		if err := json.Unmarshal(bytes.TrimSpace(text), part.into); err != nil {
			return "", isWrong(part.name, "%v", err)
		}
	}
	if facts.Room != v.report.Room {
		return "", isWrong(roomFile, "is of room %q, the signature of room %s", facts.Room, v.report.Room)
	}
	listed := map[string]bool{}
	for _, r := range facts.Recordings {
		name := recordingDir + r.ID + ".webm"
		if listed[name] || v.payload.digest(name) == "" {
			return "", isWrong(roomFile, "lists the recording %q twice or one that isn't there", r.ID)
		}
		listed[name] = true
	}
	for _, line := range v.payload {
		if strings.HasPrefix(line.Name, recordingDir) && !listed[line.Name] {
			return "", isWrong(line.Name, "isn't listed in %s", roomFile)
		}
	}
	return "room " + facts.Room, nil
}
