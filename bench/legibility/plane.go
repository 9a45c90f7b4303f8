package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"os"
	"slices"

	"golang.org/x/image/draw"
)

// plane is a grey picture.
type plane struct {
	w, h int
	pix  []uint8
}

func newPlane(w, h int) plane { return plane{w, h, make([]uint8, w*h)} }

func readCard(path string) (plane, error) {
	f, err := os.Open(path)
	if err != nil {
		return plane{}, err
	}
	defer f.Close()
	picture, err := jpeg.Decode(f)
	if err != nil {
		return plane{}, err
	}
	return grey(picture), nil
}

func grey(picture image.Image) plane {
	g := image.NewGray(picture.Bounds())
	draw.Draw(g, g.Bounds(), picture, picture.Bounds().Min, draw.Src)
	return plane{g.Rect.Dx(), g.Rect.Dy(), g.Pix}
}

func (p plane) gray() *image.Gray {
	return &image.Gray{Pix: p.pix, Stride: p.w, Rect: image.Rect(0, 0, p.w, p.h)}
}

// scaled gives the picture in another width.
func (p plane) scaled(width float64) plane {
	g := image.NewGray(image.Rect(0, 0, int(width), int(width*float64(p.h)/float64(p.w))))
	draw.CatmullRom.Scale(g, g.Bounds(), p.gray(), p.gray().Bounds(), draw.Src, nil)
	return plane{g.Rect.Dx(), g.Rect.Dy(), g.Pix}
}

// at gives the luma between pixels, and whether it lies in the picture.
func (p plane) at(x, y float64) (float64, bool) {
	left, top := math.Floor(x), math.Floor(y)
	if left < 0 || top < 0 || int(left)+1 >= p.w || int(top)+1 >= p.h {
		return 0, false
	}
	i, fx, fy := int(top)*p.w+int(left), x-left, y-top
	above := float64(p.pix[i])*(1-fx) + float64(p.pix[i+1])*fx
	below := float64(p.pix[i+p.w])*(1-fx) + float64(p.pix[i+p.w+1])*fx
	return above*(1-fy) + below*fy, true
}

// framed puts a margin around a picture, of the luma that a quarter of it is above.
func (p plane) framed(margin int) plane {
	sorted := slices.Clone(p.pix)
	slices.Sort(sorted)
	out := newPlane(p.w+2*margin, p.h+2*margin)
	for i := range out.pix {
		out.pix[i] = sorted[len(sorted)*3/4]
	}
	for y := range p.h {
		copy(out.pix[(y+margin)*out.w+margin:], p.pix[y*p.w:(y+1)*p.w])
	}
	return out
}

func clamp(v float64) uint8 { return uint8(max(0, min(255, math.Round(v)))) }

// coded goes through a codec's block transform and back.
func (p plane) coded(quality int) plane {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p.gray(), &jpeg.Options{Quality: quality}); err != nil {
		panic(err) // a buffer takes everything
	}
	picture, err := jpeg.Decode(&b)
	if err != nil {
		panic(err) // what was just written
	}
	return grey(picture)
}

func (p plane) write(path string) error {
	return os.WriteFile(path, append(fmt.Appendf(nil, "P5 %d %d 255\n", p.w, p.h), p.pix...), 0o600)
}

// blurred is a lens out of focus: a Gaussian of that sigma, in both directions.
func blurred(light []float64, w, h int, sigma float64) []float64 {
	if sigma <= 0 {
		return light
	}
	reach := int(3*sigma) + 1
	weights, sum := make([]float64, 2*reach+1), 0.0
	for i := range weights {
		weights[i] = math.Exp(-math.Pow(float64(i-reach)/sigma, 2) / 2)
		sum += weights[i]
	}
	along := func(in []float64, count, step, lines, stride int) []float64 {
		out := make([]float64, len(in))
		for line := range lines {
			for i := range count {
				v := 0.0
				for k, weight := range weights {
					v += weight * in[line*stride+max(0, min(count-1, i+k-reach))*step]
				}
				out[line*stride+i*step] = v / sum
			}
		}
		return out
	}
	return along(along(light, w, 1, h, w), h, w, w, 1)
}

// smear is a hand that moves sideways while the shutter is open.
func smear(light []float64, w, length int) []float64 {
	if length <= 1 {
		return light
	}
	out := make([]float64, len(light))
	for start := 0; start < len(light); start += w {
		for x := range w {
			v := 0.0
			for k := range length {
				v += light[start+max(0, min(w-1, x+k-length/2))]
			}
			out[start+x] = v / float64(length)
		}
	}
	return out
}
