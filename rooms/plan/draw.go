package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
)

// Sizes of what a plan is drawn from, in bytes.
const (
	SeedSize  = 32
	NonceSize = 16
)

// Commit is what the ledger says of the seed before the plan is drawn: its
// SHA-256, hex.
func Commit(seed []byte) string {
	sum := sha256.Sum256(seed)
	return hex.EncodeToString(sum[:])
}

// Draw draws the plan of a profile for a document type. It is the same for the
// same four values, on every machine and in every version: a change of the way
// it draws needs another label in newDice.
//
// The captures of face and document come first, the comparison last. Between
// them, in random order: Features.Count security features of the document, of
// which at least Features.OpticallyVariable change with the angle, the
// challenges, the questions, and the other captures. Where the profile has a code
// in the call, its step comes before the comparison; nothing is drawn for it.
//
// The seed has SeedSize bytes and the nonce NonceSize; other lengths are an error.
func Draw(p *Profile, d *Document, seed, nonce []byte) (Plan, error) {
	if len(seed) != SeedSize || len(nonce) != NonceSize {
		return Plan{}, fmt.Errorf("plan: seed of %d and nonce of %d bytes, want %d and %d", len(seed), len(nonce), SeedSize, NonceSize)
	}
	dice := newDice(seed, nonce)
	var head, middle []Step
	for _, slot := range p.Slots {
		switch {
		case !d.has(slot):
		case slot == "FACE" || slot == "DOC_FRONT" || slot == "DOC_BACK":
			head = append(head, Step{slot, KindCapture})
		default:
			middle = append(middle, Step{slot, KindCapture})
		}
	}
	for _, code := range drawFeatures(dice, p.Features, d.Features) {
		middle = append(middle, Step{code, KindFeature})
	}
	for _, code := range dice.pick(p.Challenges.From, p.Challenges.Count) {
		middle = append(middle, Step{code, KindChallenge})
	}
	for _, code := range dice.pick(p.Questions.From, p.Questions.Count) {
		middle = append(middle, Step{code, KindQuestion})
	}
	shuffle(dice, middle)
	steps := append(head, middle...)
	if p.CodeStep {
		steps = append(steps, Step{Code, KindCode})
	}
	steps = append(steps, Step{Compare, KindCompare})
	return Plan{Profile: p.ID(), Document: d.ID(), Steps: steps}, nil
}

// drawFeatures draws the variable ones first, then the rest of all that is left.
func drawFeatures(dice *dice, want Features, have []Feature) []string {
	var variable, all []string
	for _, f := range have {
		all = append(all, f.Code)
		if f.Kind == opticallyVariable {
			variable = append(variable, f.Code)
		}
	}
	drawn := dice.pick(variable, want.OpticallyVariable)
	left := slices.DeleteFunc(all, func(code string) bool { return slices.Contains(drawn, code) })
	return append(drawn, dice.pick(left, want.Count-len(drawn))...)
}

// dice is a stream of uniform numbers: block i is SHA-256(label ‖ seed ‖ nonce ‖ i),
// i in 8 bytes, big endian; a number is the next 8 bytes of the stream, big endian.
type dice struct {
	key   []byte
	block uint64
	left  []byte
}

func newDice(seed, nonce []byte) *dice {
	return &dice{key: slices.Concat([]byte("verifycall plan 1\n"), seed, nonce)}
}

// below gives a number from 0 to n-1. Numbers past the last whole multiple of n
// are thrown away, so that each is as likely.
func (d *dice) below(n int) int {
	limit := ^uint64(0) - ^uint64(0)%uint64(n)
	for {
		if x := d.next(); x < limit {
			return int(x % uint64(n))
		}
	}
}

func (d *dice) next() uint64 {
	if len(d.left) == 0 {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(slices.Clip(d.key), d.block))
		d.left, d.block = sum[:], d.block+1
	}
	x := binary.BigEndian.Uint64(d.left)
	d.left = d.left[8:]
	return x
}

// pick draws n of the list without putting back; all where there are fewer.
func (d *dice) pick(list []string, n int) []string {
	pool := slices.Clone(list)
	shuffle(d, pool)
	return pool[:max(0, min(n, len(pool)))]
}

// shuffle is that of Fisher and Yates, from the end.
func shuffle[T any](d *dice, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := d.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}
