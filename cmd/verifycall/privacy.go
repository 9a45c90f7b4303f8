package main

import (
	"strings"

	"verifycall/cmd/verifycall/keeping"
	"verifycall/cmd/verifycall/settings"
	"verifycall/recorder/evidence/objects"
	"verifycall/signaling/privacy"
)

// privacyOf gives what the public page may say of the settings.
func privacyOf(c settings.Settings) privacy.Facts {
	f := privacy.Facts{Mails: c.SMTPURL != "", Recovery: len(c.Recipients()), BackupDays: keeping.TableDays}
	if strings.HasPrefix(c.Store, settings.S3Scheme) {
		f.Remote = true
		if place, err := objects.ParseS3(c.Store); err == nil { // a wrong one was refused at the start
			f.Place, f.Locked = privacy.PlaceOf(place.Endpoint, place.Region), place.Lock != objects.LockNone
		}
	}
	return f
}
