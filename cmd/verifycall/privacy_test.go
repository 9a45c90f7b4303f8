package main

import (
	"testing"

	"verifycall/cmd/verifycall/keeping"
	"verifycall/cmd/verifycall/settings"
	"verifycall/signaling/privacy"
)

// What the public page tells of the settings, and what it doesn't.
func TestPrivacyOfSettings(t *testing.T) {
	for _, c := range []struct {
		settings settings.Settings
		want     privacy.Facts
	}{
		{settings.Settings{Store: "/srv/secret/store"}, privacy.Facts{BackupDays: keeping.TableDays}},
		{settings.Settings{Store: "s3://bucket/prefix?endpoint=https://s3.example.org&region=eu-1", SMTPURL: "smtps://u:p@mail.example.org", Recovery: "age1a, age1b"},
			privacy.Facts{Remote: true, Place: "s3.example.org (eu-1)", Locked: true, Mails: true, Recovery: 2, BackupDays: keeping.TableDays}},
		{settings.Settings{Store: "s3://bucket?endpoint=http://10.1.2.3:9000&lock=none"}, privacy.Facts{Remote: true, BackupDays: keeping.TableDays}},
	} {
		got := privacyOf(c.settings)
		if got.Profiles != nil || got.Remote != c.want.Remote || got.Place != c.want.Place || got.Locked != c.want.Locked ||
			got.Mails != c.want.Mails || got.Recovery != c.want.Recovery || got.BackupDays != c.want.BackupDays {
			t.Errorf("%s gives %+v", c.settings.Store, got)
		}
	}
}
