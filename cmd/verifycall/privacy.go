package main

import (
	"strings"

	"verifycall/recorder/evidence/objects"
	"verifycall/signaling/privacy"
)

// privacy gives what the public page may say of the settings.
func (c *settings) privacy() privacy.Facts {
	f := privacy.Facts{Mails: c.SMTPURL != "", Recovery: len(c.recovery()), BackupDays: tableDays}
	if strings.HasPrefix(c.Store, s3Scheme) {
		f.Remote = true
		if place, err := objects.ParseS3(c.Store); err == nil { // a wrong one was refused at the start
			f.Place, f.Locked = privacy.PlaceOf(place.Endpoint, place.Region), place.Lock != objects.LockNone
		}
	}
	return f
}
