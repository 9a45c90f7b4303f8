package robot

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
)

// Operator is a browser of the demo's operator.
type Operator struct {
	server *Server
	client *http.Client
}

// Operator signs in by the link that --demo printed.
func (s *Server) Operator(ctx context.Context) (*Operator, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	o := &Operator{server: s, client: s.Place.client(jar)}
	link := s.Lines["operator"]
	token := link[strings.LastIndexByte(link, '/')+1:]
	return o, s.call(ctx, o.client, http.MethodPost, "/api/signin", map[string]string{"token": token}, nil)
}

// classes are all of a room's evidence.
var classes = []string{"recording", "stills", "documents", "record"}

// Purge decides that all of a room's evidence is erased, as a mistake.
func (o *Operator) Purge(ctx context.Context, room string) error {
	body := map[string]any{"classes": classes, "reason": "mistake"}
	return o.server.call(ctx, o.client, http.MethodPost, "/api/operate/rooms/"+room+"/purge", body, nil)
}

// Purged says whether all of a room's evidence is erased.
func (o *Operator) Purged(ctx context.Context, room string) (bool, error) {
	var view struct {
		Purged []string `json:"purged"`
	}
	err := o.server.call(ctx, o.client, http.MethodGet, "/api/operate/rooms/"+room+"/keeping", nil, &view)
	return !slices.ContainsFunc(classes, func(class string) bool { return !slices.Contains(view.Purged, class) }), err
}
