// Command legibility makes degraded pictures of the specimen card, lets tesseract
// say which can be read, and compares with what package legibility says. One half
// of the seeds, over one half of the backgrounds, is for finding thresholds, the
// other for the figures in docs/legibility.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"sync"

	"verifycall/calls/legibility"
)

// outcome is one picture: how it was made, whether it can be read, what was said.
type outcome struct {
	Seed     int                 `json:"seed"`
	Half     string              `json:"half"` // "calibration" or "report"
	Kind     string              `json:"kind"`
	Strength float64             `json:"strength"` // 0 to 1 of the kind's range
	Readable bool                `json:"readable"`
	Sizes    int                 `json:"sizes"` // of three that the reader reads it in
	Said     legibility.Measures `json:"said"`
}

func main() {
	log.SetFlags(0)
	count := flag.Int("n", 600, "pictures, of both halves together")
	from := flag.Int("from", 0, "the first seed")
	half := flag.String("half", "", "only this half: calibration or report")
	card := flag.String("card", "cmd/verifycall/demo/id-front.jpg", "the specimen card")
	list := flag.String("list", "", "write every outcome into this file, one JSON object a line")
	truth := flag.String("truth", "", "keep what tesseract read in this file, and don't ask it again")
	keep := flag.String("keep", "", "keep the pictures in this folder")
	flag.Parse()
	if err := run(*count, *from, *half, *card, *list, *truth, *keep); err != nil {
		log.Fatal("legibility: ", err)
	}
}

func run(count, from int, half, cardPath, list, truthPath, keep string) error {
	card, err := readCard(cardPath)
	if err != nil {
		return err
	}
	known, err := readTruth(truthPath)
	if err != nil {
		return err
	}
	from = max(0, from)
	var seeds []int
	for seed := from; seed < from+count; seed++ {
		if half == "" || half == halfOf(seed) {
			seeds = append(seeds, seed)
		}
	}
	outcomes := make([]outcome, len(seeds))
	faults := make([]error, len(seeds))
	var work sync.WaitGroup
	slots := make(chan struct{}, 2)
	for i, seed := range seeds {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			outcomes[i], faults[i] = one(card, seed, known, keep)
		})
	}
	work.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	if err := writeTruth(truthPath, outcomes); err != nil {
		return err
	}
	if err := writeList(list, outcomes); err != nil {
		return err
	}
	return print(outcomes)
}

// one makes, reads and measures one picture.
func one(card plane, seed int, known map[int]int, keep string) (outcome, error) {
	s := sceneOf(seed)
	p, lines := s.render(card)
	o := outcome{Seed: seed, Half: s.half, Kind: s.kind, Strength: s.strength}
	o.Said = legibility.Measure(legibility.Plane{Width: p.w, Height: p.h, Pix: p.pix}, legibility.Zone)
	if keep != "" {
		if err := p.write(fmt.Sprintf("%s/%04d-%s.pgm", keep, seed, s.kind)); err != nil {
			return o, err
		}
	}
	var err error
	var found bool
	if o.Sizes, found = known[seed]; !found {
		o.Sizes, err = sizesRead(lines)
	}
	o.Readable = o.Sizes > 0
	return o, err
}

func readTruth(path string) (map[int]int, error) {
	known := map[int]int{}
	if path == "" {
		return known, nil
	}
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	return known, json.Unmarshal(text, &known)
}

func writeTruth(path string, outcomes []outcome) error {
	if path == "" {
		return nil
	}
	known := map[int]int{}
	for _, o := range outcomes {
		known[o.Seed] = o.Sizes
	}
	text, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

func writeList(path string, outcomes []outcome) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	encoder := json.NewEncoder(f)
	for _, o := range outcomes {
		if err := encoder.Encode(o); err != nil {
			return err
		}
	}
	return f.Close()
}
