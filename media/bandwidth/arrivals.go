package bandwidth

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtp"

	"verifycall/media/twcc"
)

// ReportInterval between the reports of arrivals: browsers estimate their
// uplink by them and expect one each 50 to 250 ms.
const ReportInterval = 100 * time.Millisecond

// Arrivals notes when each packet of a connection came, by its transport-wide
// sequence number, whatever its stream (draft-holmer-rmcat-transport-wide-cc-
// extensions-01). One per Transport.
type Arrivals struct {
	start time.Time

	mu       sync.Mutex // guards what follows
	recorder *twcc.Recorder
	rate     Meter     // of all packets, copies and probes included
	told     time.Time // when the last report was made
}

// NewArrivals begins to note, with times since now.
func NewArrivals(now time.Time) *Arrivals {
	return &Arrivals{start: now, recorder: twcc.NewRecorder(rand.Uint32())}
}

// Note takes the header of a packet of so many bytes. id is that of the header
// extension with the number, 0 where none was negotiated.
func (a *Arrivals) Note(h *rtp.Header, size int, id uint8, now time.Time) {
	var number rtp.TransportCCExtension
	numbered := id != 0 && number.Unmarshal(h.GetExtension(id)) == nil
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rate.Add(size, now)
	if numbered {
		a.recorder.Note(h.SSRC, number.TransportSequence, now.Sub(a.start))
	}
}

// Best second of the last five, in bit/s.
func (a *Arrivals) Best(now time.Time) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rate.best(now)
}

// Report appends an RTCP packet of what came since the last one: nothing when
// nothing did, or when that one isn't so old yet.
func (a *Arrivals) Report(dst []byte, age time.Duration, now time.Time) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.told) < age {
		return dst
	}
	a.told = now
	return a.recorder.AppendReport(dst)
}
