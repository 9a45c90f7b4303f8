// Package web holds the built pages, so that the binary needs no files beside
// it. They are built from src by `npm run build`; README.md says how.
package web

import "embed"

// Files has the built pages below "dist": one HTML file for each persona, and
// assets/ with names that change with their content.
//
//go:embed all:dist
var Files embed.FS

// Lock is package-lock.json: the npm packages that the pages were built of, with
// their digests.
//
//go:embed package-lock.json
var Lock []byte
