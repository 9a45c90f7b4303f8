package main

import (
	"math"
	"math/rand/v2"
)

const (
	frameWidth, frameHeight = 1280, 720
	cardWidth, cardHeight   = 1600.0, 1009.0
	// Line 2 of the zone with its margins, of the card, in its own pixels. The card's
	// edges stay outside, which a reader takes for print.
	lineLeft, lineRight = 58.0, 1562.0
	lineTop, lineBottom = 888.0, 980.0
)

// kinds of degradation. Strength 0 is next to none, 1 hopeless.
var kinds = []string{"none", "blur", "glare", "dark", "small", "cropped"}

// scene says everything about one picture.
type scene struct {
	half, kind string
	strength   float64
	random     *rand.Rand

	background int
	width      float64 // of the card in pixels
	x, y       float64 // of its middle
	turn       float64 // radians
	gain       float64 // of the exposure
	noise      float64 // of the sensor, luma
	blur       float64 // sigma, pixels
	motion     int     // length of a smear, pixels
	quality    int     // of the codec, as of JPEG
	glares     []glare
}

// glare is a bright spot with a soft rim.
type glare struct{ x, y, rx, ry, power float64 }

func halfOf(seed int) string {
	if seed%2 == 1 {
		return "report"
	}
	return "calibration"
}

// sceneOf draws the picture of a seed. Even seeds are for calibration and have
// the first four backgrounds, odd ones are reported on and have the others.
func sceneOf(seed int) scene {
	r := rand.New(rand.NewPCG(uint64(seed), 20261124))
	s := scene{half: halfOf(seed), kind: kinds[seed/2%len(kinds)], random: r, background: r.IntN(4)}
	if s.half == "report" {
		s.background += 4
	}
	between := func(low, high float64) float64 { return low + (high-low)*r.Float64() }
	s.strength = r.Float64()
	s.width, s.turn = between(900, 1120), between(-3, 3)*math.Pi/180
	s.x, s.y = frameWidth/2+between(-50, 50), frameHeight/2+between(-8, 8)
	s.gain, s.noise, s.quality = between(0.72, 0.93), between(1, 3), 60+r.IntN(30)
	switch s.kind {
	case "blur":
		if r.IntN(3) == 0 {
			s.motion = 2 + int(s.strength*28)
		} else {
			s.blur = 0.6 + s.strength*7
		}
	case "glare":
		for range 1 + r.IntN(3) {
			s.glares = append(s.glares, glare{s.x + between(-.45, .45)*s.width, s.y + between(-.1, .34)*s.width,
				(0.02 + 0.16*s.strength) * s.width, (0.015 + 0.09*s.strength) * s.width, between(1.0, 2.5)})
		}
	case "dark":
		s.gain, s.noise = 0.5*math.Pow(0.06, s.strength), between(2.5, 5)
	case "small":
		s.width = 760 - 560*s.strength
		s.x, s.y = frameWidth/2+between(-150, 150), frameHeight/2+between(-60, 60)
	case "cropped":
		way := (0.02 + 0.45*s.strength) * s.width
		switch r.IntN(3) {
		case 0:
			s.x = s.width/2*math.Cos(s.turn) - way
		case 1:
			s.x = frameWidth - s.width/2*math.Cos(s.turn) + way
		default:
			s.y = frameHeight - s.width*cardHeight/cardWidth/2 + way/2
		}
	}
	return s
}

// pitches are the widths of a character, in pixels, in which line 2 is given to the
// reader; engines differ with the size.
var pitches = []float64{20, 26, 32}

// render draws the scene and gives it with line 2 of its zone set upright in some
// sizes, as a reader of zones would take it.
func (s scene) render(card plane) (frame plane, lines []plane) {
	small := card.scaled(s.width)
	frame = newPlane(frameWidth, frameHeight)
	shade := backgrounds[s.background](s.random)
	cos, sin := math.Cos(s.turn), math.Sin(s.turn)
	light := make([]float64, len(frame.pix))
	for y := range frameHeight {
		for x := range frameWidth {
			dx, dy := float64(x)-s.x, float64(y)-s.y
			u, v := dx*cos+dy*sin+float64(small.w)/2, -dx*sin+dy*cos+float64(small.h)/2
			value, on := small.at(u, v)
			if !on {
				value = shade(float64(x), float64(y))
			}
			light[y*frameWidth+x] = value * s.gain
			for _, g := range s.glares {
				d := math.Hypot((float64(x)-g.x)/g.rx, (float64(y)-g.y)/g.ry)
				light[y*frameWidth+x] += 255 * g.power * math.Exp(-d*d*d)
			}
		}
	}
	light = smear(blurred(light, frameWidth, frameHeight, s.blur), frameWidth, s.motion)
	for i, v := range light {
		frame.pix[i] = clamp(v + s.noise*s.random.NormFloat64())
	}
	frame = frame.coded(s.quality)
	for _, pitch := range pitches {
		lines = append(lines, s.upright(frame, small, pitch))
	}
	return frame, lines
}

// upright cuts line 2 out, enlarged to the pitch, with a character's width of paper
// around it. What lies outside of the picture is white.
func (s scene) upright(frame, card plane, pitch float64) plane {
	scale := float64(card.w) / cardWidth
	times := pitch / (0.9 * float64(card.w) / 36)
	line := newPlane(int(times*(lineRight-lineLeft)*scale), int(times*(lineBottom-lineTop)*scale))
	cos, sin := math.Cos(s.turn), math.Sin(s.turn)
	for y := range line.h {
		for x := range line.w {
			u := float64(x)/times + lineLeft*scale - float64(card.w)/2
			v := float64(y)/times + lineTop*scale - float64(card.h)/2
			value, on := frame.at(s.x+u*cos-v*sin, s.y+u*sin+v*cos)
			if !on {
				value = 255
			}
			line.pix[y*line.w+x] = clamp(value)
		}
	}
	return line.framed(int(pitch))
}

// backgrounds are eight rooms: the first four for calibration.
var backgrounds = []func(*rand.Rand) func(x, y float64) float64{
	func(r *rand.Rand) func(x, y float64) float64 { // a wall with a soft light
		base := 90 + 90*r.Float64()
		return func(x, y float64) float64 { return base + 50*math.Exp(-math.Hypot(x-200, y-100)/500) }
	},
	func(r *rand.Rand) func(x, y float64) float64 { // a wooden table, grain along it
		phase := 9 * r.Float64()
		return func(x, y float64) float64 {
			return 110 + 22*math.Sin(y/9+3*math.Sin(x/300+phase)) + 9*math.Sin(y/2.7+x/160)
		}
	},
	func(r *rand.Rand) func(x, y float64) float64 { // a dark room
		base := 20 + 30*r.Float64()
		return func(x, y float64) float64 { return base + 12*math.Sin(x/170)*math.Sin(y/130) }
	},
	func(r *rand.Rand) func(x, y float64) float64 { // shelves out of focus
		phase := 200 * r.Float64()
		return func(x, y float64) float64 { return 120 + 60*math.Tanh(4*math.Sin((x+phase)/70)) }
	},
	func(r *rand.Rand) func(x, y float64) float64 { // a shirt with folds
		phase := 9 * r.Float64()
		return func(x, y float64) float64 { return 130 + 35*math.Sin((x+0.6*y)/55+phase) + 14*math.Sin((x-y)/23) }
	},
	func(r *rand.Rand) func(x, y float64) float64 { // a window at one side
		edge := 150 + 200*r.Float64()
		return func(x, y float64) float64 { return 95 + 140/(1+math.Exp((x-edge)/12)) }
	},
	func(r *rand.Rand) func(x, y float64) float64 { // a checked cloth
		size := 38 + 20*r.Float64()
		return func(x, y float64) float64 { return 120 + 40*math.Tanh(3*math.Sin(x/size)*math.Sin(y/size)) }
	},
	func(r *rand.Rand) func(x, y float64) float64 { // a hall with lamps
		first := 100 + 300*r.Float64()
		return func(x, y float64) float64 {
			v := 60 + y/12
			for i := range 3 {
				v += 200 * math.Exp(-math.Pow(math.Hypot(x-first-float64(i)*350, y-40)/38, 2))
			}
			return v
		}
	},
}
