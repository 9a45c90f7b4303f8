// Package recorder keeps what the participants of a call send: VP8 and Opus
// frames as they came, never re-encoded. It sees RTP packets, not peer
// connections. A Recorder belongs to a room, a Recording to one connection of
// one participant, a Tap to one published track.
//
// # From packet to file
//
// A Tap copies packets into the Recording's bounded queue and never waits.
// Recording.run, one goroutine, puts them through an Assembler for each Tap,
// and every 2 s, or as soon as a KeyFrame call waits for a frame, makes the
// frames durable: one record, which is a WebM Cluster with the frames' digests
// beside it, encrypted to the room's key, one write, one fsync. A payload is copied
// twice on its way: from the packet into a chunk, from there into the record (the
// Assembler and the batch hold where it lies). Records stand in
// parts of at most 10 s. So what isn't encrypted yet is 2 s of media in memory,
// and nothing on the disk. Read makes of the parts one seekable WebM file and
// its frame index. It needs nothing but the parts and the key, so a recording
// that a crash has cut goes the same way: what is behind the last whole record
// is left out.
//
// # Times
//
// Parts hold arrivals, RTP timestamps and sender reports as they came. Only
// Read, which sees them all, decides the frames' times (see SyncClock), so
// picture and sound are in step also before the first report. Time zero is
// Begin. No frame is placed after its arrival.
//
// # After a loss
//
// Whole frames are recorded even when frames before them are lost: they are
// what was sent, many still decode, and leaving them out would hide that they
// came. But from the loss to the next key frame the video is a gap, isn't
// counted as covered, and NeedKeyFrame is posted until one comes. Where no
// decoder could begin (before the first key frame, after a restart of the
// publisher, after the disk refused a record) frames wait for a key frame and
// are not recorded. A key frame is asked for every 20 s in any case: players
// can seek to key frames only, and it bounds what one loss spoils.
//
// # When the disk fails
//
// The frames of a refused record are dropped and are a gap of cause CauseDisk;
// everything else in it (streams, reports) is written with the next. Each
// record is a new attempt. A slow disk fills the Taps' queue; what finds no
// room is a gap of cause CauseOverflow.
package recorder
