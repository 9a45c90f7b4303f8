//go:build !unix

package places

import "verifycall/cmd/verifycall/settings"

// Owned has nothing to refuse where files have no owner by number.
func Owned(settings.Settings) error { return nil }
