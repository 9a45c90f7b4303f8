package robot

import "testing"

func TestFilmAnswersARequestWithTheNextKeyFrame(t *testing.T) {
	film, err := OpenFilm("../testdata/card.ivf")
	if err != nil {
		t.Fatal(err)
	}
	if len(film.frames) < 60 || len(film.keys) < 4 {
		t.Fatalf("%d frames, %d key frames", len(film.frames), len(film.keys))
	}
	for i := range film.frames {
		next := film.next(i, true)
		if frame := film.frames[next]; frame[0]&1 != 0 {
			t.Fatalf("after frame %d comes %d, which is no key frame", i, next)
		}
		if plain := film.next(i, false); plain != i+1 && plain != 0 {
			t.Fatalf("after frame %d comes %d", i, plain)
		}
	}
}

func TestKeyFrameIsCompleteOnlyWithoutAGap(t *testing.T) {
	start, middle := []byte{0x10, 0x00, 1, 2}, []byte{0x00, 7, 7} // RFC 7741: S set, then a continuation
	delta := []byte{0x10, 0x01, 1, 2}
	var k keyFrame
	if k.add(1, delta, true) || k.add(2, start, false) || k.add(3, middle, false) {
		t.Error("complete too early")
	}
	if !k.add(4, middle, true) {
		t.Error("three packets in a row are no key frame")
	}
	if k.add(5, start, false) || k.add(7, middle, true) {
		t.Error("complete with a packet missing")
	}
}
