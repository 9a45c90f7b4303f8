package evidence

import (
	"bytes"
	"image"
	"image/jpeg"
	"maps"
	"testing"
)

// photoBytes is a small photo; a verifier doesn't decode it.
var photoBytes = func() string {
	picture := image.NewGray(image.Rect(0, 0, 64, 48))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(3*(i%64) + i/64)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.String()
}()

// kinds gives the entries of a clip over the first two key frames of the test
// film, and of a photo that was announced.
func kinds(t testing.TB) (clip, announcement, photo draft) {
	t.Helper()
	_, _, line, key := testRecording(t)
	first := sumOf(readIVF(t, "testdata/vp8-32x32.ivf")[0])
	m := newMaterial(t)
	still := m.still[len(stillsDir) : len(m.still)-len(".webp")]
	told := map[string]any{"nonce": "5b0c1f4e9a6d43f7a2c8e1b07d95f36a", "slot": "DOC_FRONT", "sha256": sumOf([]byte(photoBytes)), "size": len(photoBytes)}
	body := maps.Clone(told)
	maps.Copy(body, map[string]any{"kind": kindPhoto, "mime": "image/jpeg", "width": 64, "height": 48, "still": still,
		"frame_sha256": sumOf(key), "frame_width": 32, "frame_height": 32, "rtp": line.RTP, "recording": "seller-1", "frame": line.N})
	return draft{captureType, map[string]any{"kind": kindClip, "slot": "DOC_FRONT", "recording": "seller-1", "frame": 1, "last": line.N,
			"frame_sha256": first, "last_sha256": sumOf(key), "rtp": 0, "last_rtp": line.RTP}},
		draft{announcedType, told}, draft{captureType, body}
}

// sealedWith gives a bundle with more entries, and with the photo if with says so.
func sealedWith(t testing.TB, with bool, more ...draft) (memBag, *Keys) {
	t.Helper()
	m := newMaterial(t, more...)
	if with {
		m.src.Photos = []File{bytesFile(sumOf([]byte(photoBytes))+".jpg", []byte(photoBytes))}
	}
	return sealed(t, m)
}

func TestVerifyClipsAndPhotos(t *testing.T) {
	clip, announcement, photo := kinds(t)
	bag, keys := sealedWith(t, true, clip, announcement, photo)
	if r := verifyMem(t, bag, keys.ring(t)); r.ExitCode() != 0 {
		t.Fatalf("%+v", last(r))
	}
	but := func(d draft, key string, value any) draft {
		d.body = maps.Clone(d.body)
		d.body[key] = value
		return d
	}
	name := photosDir + sumOf([]byte(photoBytes)) + ".jpg"
	for what, test := range map[string]struct {
		photo   bool
		entries []draft
		wrong   string
	}{
		"clip of a frame that isn't there":  {false, []draft{but(clip, "last", 99)}, ledgerFile},
		"clip that begins with another":     {false, []draft{but(clip, "frame", 2)}, ledgerFile},
		"clip with another digest":          {false, []draft{but(clip, "last_sha256", sumOf(nil))}, ledgerFile},
		"clip at another time":              {false, []draft{but(clip, "rtp", 9)}, ledgerFile},
		"clip of another recording":         {false, []draft{but(clip, "recording", "seller-2")}, ledgerFile},
		"capture of a kind from the future": {false, []draft{but(clip, "kind", "hologram")}, ledgerFile},
		"photo without its file":            {false, []draft{announcement, photo}, name},
		"photo that no entry names":         {true, []draft{announcement}, name},
		"photo never announced":             {true, []draft{photo}, name},
		"photo announced after":             {true, []draft{photo, announcement}, name},
		"photo of another size":             {true, []draft{but(announcement, "size", 9), photo}, name},
		"photo with another nonce":          {true, []draft{announcement, but(photo, "nonce", "00000000000000000000000000000000")}, name},
		"photo beside another frame":        {true, []draft{announcement, but(photo, "frame", 1)}, newMaterial(t).still},
	} {
		t.Run(what, func(t *testing.T) {
			bag, keys := sealedWith(t, test.photo, test.entries...)
			if r := verifyMem(t, bag, keys.ring(t)); r.ExitCode() != 1 || r.Wrong != test.wrong {
				t.Errorf("exit code %d, named %q, want %q; %+v", r.ExitCode(), r.Wrong, test.wrong, last(r))
			}
		})
	}
}
