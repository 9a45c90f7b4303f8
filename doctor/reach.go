package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// A helper is this program on another machine, which knocks at the ports of who
// asks it: at no other address than the one that the question came from.

// Bounds of what a helper does for a question.
const (
	maxQuestion = 1 << 10 // bytes
	maxPorts    = 4
	knockTime   = 3 * time.Second
	knocks      = 5 // datagrams to a UDP port, one may be lost
)

// question is what a helper is asked.
type question struct {
	TCP   []int  `json:"tcp"`
	UDP   []int  `json:"udp"`
	Token string `json:"token"` // 32 hex digits, in the datagrams
}

// answer says what became of it.
type answer struct {
	Address string         `json:"address"` // that the question came from
	Closed  map[int]string `json:"closed"`  // TCP ports that didn't open, with the reason
}

// Helper answers questions. One is answered at a time, others are told to wait.
func Helper() http.Handler {
	busy := make(chan struct{}, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /knock", func(w http.ResponseWriter, r *http.Request) {
		select {
		case busy <- struct{}{}:
			defer func() { <-busy }()
		default:
			w.Header().Set("Retry-After", "5")
			http.Error(w, "busy with another question", http.StatusTooManyRequests)
			return
		}
		q, err := readQuestion(r.Body)
		from, addrErr := netip.ParseAddrPort(r.RemoteAddr)
		if err := errors.Join(err, addrErr); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(q.knock(r.Context(), from.Addr().Unmap())) // who asked may be gone
	})
	return mux
}

func readQuestion(r io.Reader) (q question, err error) {
	text, err := io.ReadAll(io.LimitReader(r, maxQuestion+1))
	if err != nil {
		return q, err
	}
	if len(text) > maxQuestion {
		return q, errors.New("question too long")
	}
	if err := json.Unmarshal(text, &q); err != nil {
		return q, fmt.Errorf("question: %w", err)
	}
	for _, port := range slices.Concat(q.TCP, q.UDP) {
		if port < 1 || port > 65535 {
			return q, fmt.Errorf("question: no port %d", port)
		}
	}
	if len(q.TCP)+len(q.UDP) > maxPorts || len(q.Token) != 32 {
		return q, errors.New("question: too many ports, or no token")
	}
	return q, nil
}

// knock opens and closes each TCP port, and sends datagrams to each UDP port.
func (q question) knock(ctx context.Context, to netip.Addr) answer {
	ctx, cancel := context.WithTimeout(ctx, maxPorts*knockTime)
	defer cancel()
	a := answer{Address: to.String(), Closed: map[int]string{}}
	for _, port := range q.TCP {
		d := net.Dialer{Timeout: knockTime}
		conn, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(to, uint16(port)).String())
		if err != nil {
			a.Closed[port] = err.Error()
			continue
		}
		_ = conn.Close() // nothing was sent
	}
	for _, port := range q.UDP {
		conn, err := net.Dial("udp", netip.AddrPortFrom(to, uint16(port)).String())
		if err != nil {
			continue // who asked sees that nothing came
		}
		for range knocks {
			_, _ = conn.Write([]byte(q.Token)) // an ICMP answer to the one before
			time.Sleep(20 * time.Millisecond)
		}
		_ = conn.Close()
	}
	return a
}

// Doors are the ports that people come in by.
type Doors struct {
	Helper string // URL of a helper
	Pages  string // host:port, TCP
	Media  string // host:port, UDP and TCP
	Public []string
	// Refused reads how many datagrams the running server has refused: those of
	// the helper are among them. Nil where no server runs: the doors are opened
	// for the time of the question.
	Refused func(context.Context) (float64, error)
}

// Reached asks the helper to knock.
func Reached(ctx context.Context, client *http.Client, d Doors) []Finding {
	const check = "reach"
	ctx, cancel := context.WithTimeout(ctx, 10*knockTime)
	defer cancel()
	q := question{TCP: []int{portOf(d.Pages), portOf(d.Media)}, UDP: []int{portOf(d.Media)}, Token: token()}
	came, err := d.listen(ctx, q.Token)
	if err != nil {
		return []Finding{fault(check, "see the ports above", "%v", err)}
	}
	a, err := ask(ctx, client, d.Helper, q)
	arrived, countErr := came()
	switch {
	case err != nil:
		return []Finding{fault(check, "start one on another machine: verifycall check --helper-listen 0.0.0.0:7100", "helper: %v", err)}
	case countErr != nil:
		return []Finding{fault(check, "give --ops-listen as the server has it", "%v", countErr)}
	}
	var all []Finding
	for i, what := range []string{"pages", "media"} {
		if why, closed := a.Closed[q.TCP[i]]; closed {
			all = append(all, fault(check, "open the port in the firewall", "tcp %d (%s) can't be reached from outside: %s", q.TCP[i], what, why))
		} else {
			all = append(all, fine(check, "tcp %d (%s) is reached from outside", q.TCP[i], what))
		}
	}
	if arrived {
		all = append(all, fine(check, "udp %d (media) is reached from outside", q.UDP[0]))
	} else {
		all = append(all, fault(check, "open the port in the firewall, for UDP too", "udp %d (media) can't be reached from outside", q.UDP[0]))
	}
	if len(d.Public) > 0 && !slices.Contains(d.Public, a.Address) {
		all = append(all, warning(check, "correct --public-ip, unless traffic out takes another way than traffic in",
			"seen from outside as %s, --public-ip says %v", a.Address, d.Public))
	}
	return all
}

func portOf(hostPort string) int {
	_, port, _ := net.SplitHostPort(hostPort)
	n, _ := strconv.Atoi(port) // the settings were checked
	return n
}

func ask(ctx context.Context, client *http.Client, helper string, q question) (a answer, err error) {
	text, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, helper+"/knock", bytes.NewReader(text))
	if err != nil {
		return a, err
	}
	res, err := client.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return a, fmt.Errorf("answers %s", res.Status)
	}
	return a, json.NewDecoder(io.LimitReader(res.Body, 16<<10)).Decode(&a)
}

// listen waits for the datagrams, and opens the ports where no server has them.
// The function that it gives ends that and says whether any came.
func (d Doors) listen(ctx context.Context, token string) (came func() (bool, error), err error) {
	if d.Refused != nil {
		before, err := d.Refused(ctx)
		return func() (bool, error) {
			after, err := d.Refused(ctx)
			return after-before >= knocks/2, err
		}, err
	}
	var l net.ListenConfig
	var opened []io.Closer
	closeAll := func() (err error) {
		for _, c := range opened {
			err = errors.Join(err, c.Close())
		}
		return err
	}
	for _, address := range []string{d.Pages, d.Media} {
		listener, err := l.Listen(ctx, "tcp", address)
		if err != nil {
			return nil, errors.Join(err, closeAll())
		}
		opened = append(opened, listener)
	}
	conn, err := l.ListenPacket(ctx, "udp", d.Media)
	if err != nil {
		return nil, errors.Join(err, closeAll())
	}
	opened = append(opened, conn)
	return func() (bool, error) {
		arrived := hears(conn, token)
		return arrived, closeAll()
	}, nil
}

// hears reads what has come until it finds the token, at most a second long.
func hears(conn net.PacketConn, token string) bool {
	if conn.SetReadDeadline(time.Now().Add(time.Second)) != nil {
		return false
	}
	var b [64]byte
	for range 100 {
		n, _, err := conn.ReadFrom(b[:])
		if err != nil {
			return false
		}
		if string(b[:n]) == token {
			return true
		}
	}
	return false
}
