package ledger

import "fmt"

// TypeCheckpoint is the type of an entry that signs the head before it: seq, hash,
// signature.
const TypeCheckpoint = "checkpoint"

// Text is what a checkpoint's signature is over: the head h of the ledger ("record",
// "custody") of a room.
func (h Head) Text(room, name string) []byte {
	return fmt.Appendf(nil, "verifycall head 1\nroom: %s\nledger: %s\nseq: %d\nhash: %s\n", room, name, h.Seq, h.Hash)
}

// Checkpoint gives the head that e signs, and the signature; ok is false where e is
// no checkpoint. The error says that it doesn't sign the head before it.
func (e Entry) Checkpoint() (before Head, signature string, ok bool, err error) {
	if e.Type != TypeCheckpoint {
		return Head{}, "", false, nil
	}
	before = Head{Seq: e.Seq - 1, Hash: e.Prev}
	seq, _ := e.Body["seq"].(int64)
	hash, _ := e.Body["hash"].(string)
	signature, _ = e.Body["signature"].(string)
	if before.Seq < 1 || seq != before.Seq || hash != before.Hash {
		return before, signature, true, fmt.Errorf("checkpoint %d signs another head", e.Seq)
	}
	return before, signature, true, nil
}
