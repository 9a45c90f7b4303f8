package openid

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	secret := write(t, "secret", "hush\n")
	s, err := Read(write(t, "oidc.json", `{"issuer":"https://id.example/realms/x","client_id":"vc","client_secret_file":"`+secret+`",
		"claim":"groups","roles":[{"value":"ops","role":"operator"}]}`))
	if err != nil || s.secret != "hush" || s.Label != "id.example" || s.Zone != "UTC" || len(s.Scopes) != 2 {
		t.Errorf("%+v (%v)", s, err)
	}
}

func TestReadRefuses(t *testing.T) {
	const rest = `"client_id":"vc","claim":"groups","roles":[{"value":"ops","role":"operator"}]}`
	for says, text := range map[string]string{
		"issuer":          `{"issuer":"http://id.example",` + rest,
		"unknown":         `{"issuer":"https://id.example","secret":"x",` + rest,
		"client_id":       `{"issuer":"https://id.example","claim":"g","roles":[{"value":"ops","role":"operator"}]}`,
		"claim: is empty": `{"issuer":"https://id.example","client_id":"vc","roles":[{"value":"ops","role":"operator"}]}`,
		"nobody could":    `{"issuer":"https://id.example","client_id":"vc","claim":"g"}`,
		"needs a value":   `{"issuer":"https://id.example","client_id":"vc","claim":"g","roles":[{"value":"ops","role":"seller"}]}`,
		"openid":          `{"issuer":"https://id.example","scopes":["profile"],` + rest,
		"no time zone":    `{"issuer":"https://id.example","zone":"Atlantis",` + rest,
		"no such file":    `{"issuer":"https://id.example","client_secret_file":"/nowhere/secret",` + rest,
		"unexpected":      `{"issuer":`,
		"larger than":     `{"issuer":"` + strings.Repeat("x", maxFile) + `"}`,
	} {
		if _, err := Read(write(t, "oidc.json", text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %v, want %q", text, err, says)
		}
	}
}

func TestASecretThatOthersCanReadIsRefused(t *testing.T) {
	secret := write(t, "secret", "hush\n")
	file := write(t, "oidc.json", `{"issuer":"https://id.example/realms/x","client_id":"vc","client_secret_file":"`+secret+`",
		"claim":"groups","roles":[{"value":"ops","role":"operator"}]}`)
	for mode, refused := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true, 0o604: true, 0o602: true} {
		if err := os.Chmod(secret, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Read(file)
		if got := err != nil && strings.Contains(err.Error(), secret) && strings.Contains(err.Error(), "chmod 600"); got != refused || !refused && err != nil {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}
