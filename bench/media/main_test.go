package main

import (
	"strings"
	"testing"

	"verifycall/bench/process"
)

func TestMedian(t *testing.T) {
	f := median("ours", 2, []figure{{CPU: 9, Loss: 1, Packets: 5}, {CPU: 1, Loss: 2}, {CPU: 3, Loss: 3}})
	if f.CPU != 3 || f.Loss != 2 || f.Name != "ours" || f.Calls != 2 || f.Packets != 5 {
		t.Errorf("%+v", f)
	}
}

func TestCompare(t *testing.T) {
	rows := []figure{{Name: "plain", Calls: 1, CPU: 10}, {Name: "plain", Calls: 20, CPU: 60}, {Name: "ours", Calls: 20, CPU: 30}}
	for name, want := range map[string]float64{"ours": 0.5, "ours-recording": 1, "plain": 0} {
		f := figure{Name: name, Calls: 20, CPU: 30}
		compare(&f, rows)
		if f.Ratio != want {
			t.Errorf("%s: %v of %s", name, f.Ratio, f.Vs)
		}
	}
}

func TestGeneratorEnds(t *testing.T) {
	if generatorEnds([]figure{{Load: 0.99}, {Load: 0.5}}) || !generatorEnds([]figure{{Load: 0.99}, {Load: 0.96}}) {
		t.Error("the generator's end is where its core is full with every server")
	}
}

// A process measures its own memory and time.
func TestProc(t *testing.T) {
	s, err := process.Start(t.Context(), "none", "sleep", "60")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if rss, err := s.RSS(); err != nil || rss < 4096 {
		t.Error(rss, err)
	}
	if cpu, err := s.CPU(); err != nil || cpu < 0 || cpu.Seconds() > 1 {
		t.Error(cpu, err)
	}
}

func TestJoined(t *testing.T) {
	_, err := watch(nil, strings.NewReader(`{"stage":"result","Sent":5,"Received":0}`+"\n"), 0, 1)
	if err == nil {
		t.Error("a run in which nothing arrived was taken")
	}
}
