package lan

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the bright margin that readers look for, in modules (ISO/IEC 18004).
const quiet = 4

// Colours are said, not left to the terminal: not each reader takes bright on dark.
const (
	blackOnWhite = "\x1b[38;5;16;48;5;231m"
	asBefore     = "\x1b[0m"
)

// Code draws a text as a QR code for a terminal, two rows of modules a line.
func Code(text string) (string, error) {
	c, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", fmt.Errorf("QR code: %w", err)
	}
	var out strings.Builder
	for y := -quiet; y < c.Size+quiet; y += 2 {
		out.WriteString(blackOnWhite)
		for x := -quiet; x < c.Size+quiet; x++ {
			switch upper, lower := c.Black(x, y), c.Black(x, y+1); {
			case upper && lower:
				out.WriteRune('█')
			case upper:
				out.WriteRune('▀')
			case lower:
				out.WriteRune('▄')
			default:
				out.WriteRune(' ')
			}
		}
		out.WriteString(asBefore + "\n")
	}
	return out.String(), nil
}
