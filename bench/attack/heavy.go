package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"verifycall/calls/protocol"
)

// maxGrowth of the server's memory by files that mean more than they are.
const maxGrowth = 300 << 20 // bytes

// endless gives the same byte for ever, until there were n of them.
type endless struct{ left int64 }

// Read implements io.Reader.
func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = ' '
	}
	n := min(int64(len(p)), e.left)
	e.left -= n
	return int(n), nil
}

// oversized sends more than anybody needs to.
func oversized(ctx context.Context, t *target, y *tally) {
	a := t.attacker()
	key := []string{"Authorization", "Bearer " + t.server.Key}
	too := func(what, path string, size int64, body io.Reader) {
		r, err := a.stream(ctx, http.MethodPost, path, body, size, key...)
		y.want(err != nil && cut(err) || r.refused(), "%s to %s: status %d %v", what, path, r.status, err)
	}
	for _, path := range []string{"/api/link", "/api/signin", "/api/v1/rooms", "/api/seller/documents", "/api/manager/rooms", "/nowhere"} {
		too("64 MiB", path, 64<<20, &endless{64 << 20})
		too("64 MiB in chunks", path, -1, &endless{64 << 20})
		too("a length without bytes", path, 1<<50, &endless{1 << 20})
	}
	deep := strings.Repeat(`{"a":`, 100_000)
	too("deep JSON", "/api/v1/rooms", int64(len(deep)), strings.NewReader(deep))
	wide := `{"application":{` + strings.Repeat(`"a":"b",`, 400_000) + `"z":""}}`
	too("wide JSON", "/api/v1/rooms", int64(len(wide)), strings.NewReader(wide))
	long := `{"token":"` + strings.Repeat("a", 1<<20) + `"}`
	too("long token", "/api/link", int64(len(long)), strings.NewReader(long))
	a.refused(ctx, y, http.MethodGet, "/"+strings.Repeat("a", 40<<10), "")
	a.refused(ctx, y, http.MethodGet, "/api/manager/me?"+strings.Repeat("a=b&", 4<<10), "")
	a.refused(ctx, y, http.MethodGet, "/api/manager/me", "", "X-Long", strings.Repeat("a", 256<<10))
	many := make([]string, 0, 8000)
	for i := range 4000 {
		many = append(many, "X-"+base64.RawURLEncoding.EncodeToString([]byte{byte(i >> 8), byte(i)}), "many")
	}
	a.refused(ctx, y, http.MethodGet, "/api/manager/me", "", many...)
	t.oversizedMessages(ctx, y)
}

// oversizedMessages of a WebSocket.
func (t *target) oversizedMessages(ctx context.Context, y *tally) {
	for _, size := range []int{protocol.MaxFrame + 1, 8 << 20} {
		_, session, err := t.signedIn(ctx, protocol.RoleSeller)
		if y.failed("seller", err) {
			return
		}
		r, err := session.Connect(ctx, nil)
		if y.failed("connect", err) {
			return
		}
		_ = r.Raw(websocket.TextMessage, bytes.Repeat([]byte("x"), size)) // it may be closed in between
		y.want(ended(ctx, r.Ended()), "a message of %d bytes was taken", size)
		_ = r.Close()
	}
}

func ended(ctx context.Context, gone <-chan struct{}) bool {
	select {
	case <-gone:
		return true
	case <-time.After(20 * time.Second):
	case <-ctx.Done():
	}
	return false
}

// bombs are small files that mean large pictures, or are none.
func bombs(ctx context.Context, t *target, y *tally) {
	room, err := t.server.NewRoom(ctx)
	if y.failed("room", err) {
		return
	}
	a := t.attacker()
	if y.failed("seller", a.signedIn(ctx, "/api/link", room.SellerLink)) {
		return
	}
	before := t.weight(ctx).memory
	for name, file := range bombFiles() {
		body, _ := json.Marshal(map[string]string{"kind": "id_front", "data": base64.StdEncoding.EncodeToString(file)}) // of strings
		r, err := a.send(ctx, http.MethodPost, "/api/seller/documents", string(body))
		y.want(err == nil && r.refused(), "%s: status %d %s %v", name, r.status, r.code, err)
		packed := bytes.Buffer{}
		w := zlib.NewWriter(&packed)
		_, _ = w.Write(body)
		_ = w.Close() // of memory
		a.refused(ctx, y, http.MethodPost, "/api/seller/documents", packed.String(), "Content-Encoding", "deflate")
		if now := t.weight(ctx).memory; now > before+maxGrowth {
			y.want(false, "%s: memory grew by %.0f MiB", name, (now-before)/(1<<20))
		}
	}
}

func bombFiles() map[string][]byte {
	zeros := bytes.Buffer{}
	w, _ := zlib.NewWriterLevel(&zeros, zlib.BestCompression) // the level is known
	_, _ = io.CopyN(w, &endless{1 << 40}, 1<<30)
	_ = w.Close() // of memory
	head := func(width, height uint32) []byte {
		ihdr := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
		return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(ihdr, 8, 6, 0, 0, 0))...)
	}
	end := chunk("IEND", nil)
	small := bytes.Buffer{}
	_ = png.Encode(&small, image.NewGray(image.Rect(0, 0, 4, 4))) // of memory
	jpegHead := "\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
	return map[string][]byte{
		"PNG of 60000 × 60000":           append(append(head(60000, 60000), chunk("IDAT", zeros.Bytes())...), end...),
		"PNG of 2^31 × 2^31":             append(append(head(1<<31-1, 1<<31-1), chunk("IDAT", zeros.Bytes())...), end...),
		"PNG of a GiB in 10 × 10":        append(append(head(10, 10), chunk("IDAT", zeros.Bytes())...), end...)[:200],
		"PNG with a profile of a GiB":    append(append(head(60000, 2), chunk("iCCP", append([]byte("a\x00\x00"), zeros.Bytes()...))...), end...),
		"PNG cut in half":                small.Bytes()[:small.Len()/2],
		"JPEG of 65535 × 65535":          []byte(jpegHead),
		"JPEG of many scans":             append([]byte(jpegHead), bytes.Repeat([]byte("\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"), 20_000)...),
		"ZIP":                            []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00" + strings.Repeat("\x00", 40)),
		"ZIP's end alone":                []byte("PK\x05\x06" + strings.Repeat("\xff", 18)),
		"gzip":                           append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"), zeros.Bytes()[2:1000]...),
		"SVG with a script":              []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/></svg>`),
		"XML of a billion laughs":        []byte(`<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><svg>&b;</svg>`),
		"HTML that begins like a JPEG":   []byte("\xff\xd8\xff\xe0<script>alert(1)</script>"),
		"PDF that runs a script":         []byte("%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF"),
		"nothing":                        {},
		"WebP with a size that it isn't": []byte("RIFF\xff\xff\xff\xffWEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff"),
	}
}

func chunk(name string, body []byte) []byte {
	c := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	c = append(append(c, name...), body...)
	return binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c[4:]))
}
