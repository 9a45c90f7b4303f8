// Package testdata has the film that robots show: a synthetic card, VP8.
package testdata

import _ "embed"

// Card is card.ivf.
//
//go:embed card.ivf
var Card []byte
