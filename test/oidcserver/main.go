// Command oidcserver is an OpenID Connect provider for tests: the one of
// github.com/zitadel/oidc, with its login page, a confidential client and people
// whose ID tokens say their groups. It keeps all in memory.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// groups of the people, by subject.
var groups = map[string][]string{"id1": {"everybody", "vc-operators"}, "id2": {"everybody", "vc-managers"}, "id3": {"everybody"}}

type people map[string]*storage.User

func (p people) GetUserByID(id string) *storage.User { return p[id] }
func (p people) ExampleClientID() string             { return storage.ServiceUserID }
func (p people) GetUserByUsername(name string) *storage.User {
	for _, u := range p {
		if u.Username == name {
			return u
		}
	}
	return nil
}

// house adds groups to what the storage says of people, and where the client may
// be sent back to after signing out.
type house struct {
	*storage.Storage
	after string
}

type client struct {
	op.Client
	after string
}

func (c client) PostLogoutRedirectURIs() []string     { return []string{c.after} }
func (c client) IDTokenUserinfoClaimsAssertion() bool { return os.Getenv("USERINFO_ONLY") == "" }

func (h house) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := h.Storage.GetClientByClientID(ctx, id)
	return client{c, h.after}, err
}

func (h house) SetUserinfoFromScopes(ctx context.Context, info *oidc.UserInfo, user, client string, scopes []string) error {
	err := h.Storage.SetUserinfoFromScopes(ctx, info, user, client, scopes)
	info.AppendClaims("groups", groups[user])
	return err
}

func (h house) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, token op.IDTokenRequest, scopes []string) error {
	err := h.Storage.SetUserinfoFromRequest(ctx, info, token, scopes)
	info.AppendClaims("groups", groups[token.GetSubject()])
	return err
}

func (h house) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, origin string) error {
	err := h.Storage.SetUserinfoFromToken(ctx, info, tokenID, subject, origin)
	info.AppendClaims("groups", groups[subject])
	return err
}

// usage: oidcserver ORIGIN, of the product. The first line printed is the issuer.
func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(origin string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	issuer := fmt.Sprintf("http://localhost:%d/", l.Addr().(*net.TCPAddr).Port)
	storage.RegisterClients(storage.WebClient("verifycall", "hush", origin+"/oidc/callback"))
	users := people{}
	for id, name := range map[string]string{"id1": "Olga Brandt", "id2": "Maria König", "id3": "Nobody Here"} {
		first, last, _ := strings.Cut(name, " ")
		users[id] = &storage.User{ID: id, Username: id, Password: "verysecure", FirstName: first, LastName: last}
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	router := exampleop.SetupServer(issuer, house{storage.NewStorage(users), origin + "/signin"}, log, false)
	fmt.Println(issuer)
	server := &http.Server{Handler: router, ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(l)
}
