// Command plain is the yardstick of bench/media: the forwarder that anybody
// would write in an afternoon on stock pion, with its default interceptors,
// codecs and sockets. It speaks the benchmark's signalling and nothing else:
// POST /join?call=C&side=0|1 with an offer, answered by an answer.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// mimeTypes in the order of the offer's sections.
var mimeTypes = []string{webrtc.MimeTypeOpus, webrtc.MimeTypeVP8}

// call is two sides; what side i sends is written to the tracks of i.
type call struct {
	tracks [2][2]*webrtc.TrackLocalStaticRTP // by side, by kind
}

// forwarder holds the calls.
type forwarder struct {
	api *webrtc.API

	mu    sync.Mutex
	calls map[string]*call
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address of the signalling")
	flag.Parse()
	if err := run(*listen); err != nil {
		fmt.Fprintln(os.Stderr, "plain:", err)
		os.Exit(1)
	}
}

func run(listen string) error {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true) // the benchmark's callers are here
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	f := &forwarder{api: webrtc.NewAPI(webrtc.WithSettingEngine(settings)), calls: map[string]*call{}}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	http.HandleFunc("POST /join", f.join)
	return http.Serve(listener, nil)
}

func (f *forwarder) join(w http.ResponseWriter, r *http.Request) {
	offer, err := io.ReadAll(r.Body)
	if err == nil {
		var answer string
		if answer, err = f.answer(r.FormValue("call"), r.FormValue("side") == "1", string(offer)); err == nil {
			_, err = io.WriteString(w, answer)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// find makes the call on first use.
func (f *forwarder) find(name string) (*call, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.calls[name]; c != nil {
		return c, nil
	}
	c := &call{}
	for side := range c.tracks {
		for kind, mime := range mimeTypes {
			track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, mime, "call")
			if err != nil {
				return nil, err
			}
			c.tracks[side][kind] = track
		}
	}
	f.calls[name] = c
	return c, nil
}

func (f *forwarder) answer(name string, second bool, offer string) (string, error) {
	c, err := f.find(name)
	if err != nil {
		return "", err
	}
	own, other := c.tracks[0], c.tracks[1]
	if second {
		own, other = other, own
	}
	pc, err := f.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	for _, track := range other {
		sender, err := pc.AddTrack(track)
		if err != nil {
			return "", errors.Join(err, pc.Close())
		}
		go func() { // interceptors work while RTCP is read
			for buf := make([]byte, 1500); ; {
				if _, _, err := sender.Read(buf); err != nil {
					return
				}
			}
		}()
	}
	pc.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		out := own[0]
		if remote.Kind() == webrtc.RTPCodecTypeVideo {
			out = own[1]
		}
		for buf := make([]byte, 1500); ; {
			n, _, err := remote.Read(buf)
			if err != nil {
				return
			}
			_, _ = out.Write(buf[:n]) // a subscriber that isn't there loses it
		}
	})
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", errors.Join(err, pc.Close())
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", errors.Join(err, pc.Close())
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", errors.Join(err, pc.Close())
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}
