package main

import "verifycall/bench/caller"

// packet is one of a flood.
type packet struct {
	raw  []byte
	send func([]byte) error
}

// kind of flood: make makes n packets.
type kind struct {
	name string
	make func(c *crowd, n int) ([]packet, error)
}

// kinds of floods, of strangers first.
var kinds = []kind{
	{"strange_check", func(c *crowd, n int) ([]packet, error) {
		return c.strangers(n, func(int) ([]byte, error) { return c.bad.ForgedCheck("nobody") })
	}},
	{"forged_check", func(c *crowd, n int) ([]packet, error) {
		return c.strangers(n, func(int) ([]byte, error) { return c.bad.ForgedCheck(c.bad.Ufrag()) })
	}},
	{"strange_media", func(c *crowd, n int) ([]packet, error) {
		return c.strangers(n, func(i int) ([]byte, error) { return caller.Forged(uint32(i), 1000), nil })
	}},
	{"own_checks", func(c *crowd, n int) ([]packet, error) {
		return c.own(n, func(int) ([]byte, error) { return c.bad.Check() })
	}},
	{"forged_media", func(c *crowd, n int) ([]packet, error) {
		return c.own(n, func(i int) ([]byte, error) { return caller.Forged(uint32(i), 100), nil })
	}},
	{"replayed", func(c *crowd, n int) ([]packet, error) {
		once, err := c.bad.Sealed(c.bad.Video(), 1, 0)
		return repeat(c, n, once, err)
	}},
	{"unknown_stream", func(c *crowd, n int) ([]packet, error) {
		return c.own(n, func(i int) ([]byte, error) { return c.bad.Sealed(99, uint16(i), 0) })
	}},
	{"giant_extensions", func(c *crowd, n int) ([]packet, error) {
		return c.own(n, func(i int) ([]byte, error) { return c.bad.Sealed(c.bad.Video(), uint16(i), 1020) })
	}},
	{"hostile_feedback", func(c *crowd, n int) ([]packet, error) {
		return c.own(n, func(int) ([]byte, error) { return c.bad.Feedback(c.bad.Video()) })
	}},
}

func (c *crowd) strangers(n int, each func(i int) ([]byte, error)) ([]packet, error) {
	return packets(n, each, func(b []byte) error { _, err := c.stranger.Write(b); return err })
}

func (c *crowd) own(n int, each func(i int) ([]byte, error)) ([]packet, error) {
	return packets(n, each, c.bad.Raw)
}

func repeat(c *crowd, n int, once []byte, err error) ([]packet, error) {
	return c.own(n, func(int) ([]byte, error) { return once, err })
}

func packets(n int, each func(i int) ([]byte, error), send func([]byte) error) ([]packet, error) {
	all := make([]packet, n)
	for i := range all {
		raw, err := each(i)
		if err != nil {
			return nil, err
		}
		all[i] = packet{raw: raw, send: send}
	}
	return all, nil
}
