// Package protocol holds the WebSocket messages between a page (or a robot) and
// a call, in both directions. It is pure: no sockets, no goroutines, no clock.
//
// A text frame carries one JSON object, the envelope:
//
//	{"t":"chat","id":"c17","d":{"text":"Is the light good like this?"}}
//
// t is the message type, d its fields, id (client to server only, at most 32
// characters, chosen by the client) asks for an answer: the server answers with
// "ok" or "error" whose re is that id. docs/protocol.md and web/src/protocol.ts
// are generated from the tables in this package.
package protocol

//go:generate go run ./generate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Limits of one connection. A frame over MaxFrame bytes closes it with 1009.
const (
	MaxFrame  = 64 << 10 // bytes of one text frame
	MaxID     = 32       // characters of an envelope's id
	MaxChat   = 500      // characters of a chat line
	MaxNote   = 2000     // characters of a note
	MaxLine   = 240      // characters of the line to the seller
	MaxTyped  = 120      // characters of a typed field value
	MaxSDP    = 48 << 10 // bytes of an offer
	MaxTab    = 64       // characters of a tab id
	MaxCauses = 8        // reasons of one verdict
	MaxPhoto  = 16 << 20 // bytes of a sensor photo
	MaxChunk  = 1 << 20  // bytes of one upload request of a photo
	MaxZoom   = 100      // magnification of a camera
)

// Envelope is the outer form of every frame.
type Envelope struct {
	Type string          `json:"t"`
	ID   string          `json:"id,omitempty"`
	Re   string          `json:"re,omitempty"`
	Data json.RawMessage `json:"d,omitempty"`
}

// ClientMessage is a message that a page sends. Check reports the first thing
// wrong with its fields; it knows nothing of rooms or roles.
type ClientMessage interface{ Check() error }

// ServerMessage is a message that the server sends.
type ServerMessage interface{ serverType() string }

// ErrMalformed is wrapped by every error of Decode.
var ErrMalformed = errors.New("malformed message")

// Decode parses one client frame: its id, and the typed message after Check.
// Unknown types, unknown fields, trailing data and values out of bounds are
// errors that wrap ErrMalformed; the id is returned even then where readable.
func Decode(frame []byte) (id string, msg ClientMessage, err error) {
	if len(frame) > MaxFrame {
		return "", nil, fmt.Errorf("%w: %d bytes, at most %d", ErrMalformed, len(frame), MaxFrame)
	}
	if !utf8.Valid(frame) {
		return "", nil, fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	var env Envelope
	if err := strict(frame, &env); err != nil {
		return "", nil, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	if len(env.ID) > MaxID {
		return "", nil, fmt.Errorf("%w: id longer than %d", ErrMalformed, MaxID)
	}
	make, known := clientTypes[env.Type]
	if !known {
		return env.ID, nil, fmt.Errorf("%w: unknown type %.32q", ErrMalformed, env.Type)
	}
	msg = make()
	if len(env.Data) > 0 {
		if err := strict(env.Data, msg); err != nil {
			return env.ID, nil, fmt.Errorf("%w: %s: %v", ErrMalformed, env.Type, err)
		}
	}
	if err := msg.Check(); err != nil {
		return env.ID, nil, fmt.Errorf("%w: %s: %v", ErrMalformed, env.Type, err)
	}
	return env.ID, msg, nil
}

// Encode gives the frame of a server message. re is the id of the client
// message that it answers, or empty.
func Encode(re string, msg ServerMessage) ([]byte, error) {
	data, err := json.Marshal(msg)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", msg.serverType(), err)
	}
	return json.Marshal(Envelope{Type: msg.serverType(), Re: re, Data: data})
}

// EncodeClient gives the frame of a client message; robots use it.
func EncodeClient(id string, msg ClientMessage) ([]byte, error) {
	name := ClientName(msg)
	if name == "" {
		return nil, fmt.Errorf("encode: %T is no client message", msg)
	}
	data, err := json.Marshal(msg)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	return json.Marshal(Envelope{Type: name, ID: id, Data: data})
}

// DecodeServer parses one server frame; robots use it.
func DecodeServer(frame []byte) (re string, msg ServerMessage, err error) {
	var env Envelope
	if err := json.Unmarshal(frame, &env); err != nil {
		return "", nil, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	make, known := serverTypes[env.Type]
	if !known {
		return env.Re, nil, fmt.Errorf("%w: unknown type %.32q", ErrMalformed, env.Type)
	}
	msg = make()
	if len(env.Data) > 0 {
		if err := json.Unmarshal(env.Data, msg); err != nil {
			return env.Re, nil, fmt.Errorf("%w: %s: %v", ErrMalformed, env.Type, err)
		}
	}
	return env.Re, msg, nil
}

func strict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) { // More would pass over a bracket
		return errors.New("data after the message")
	}
	return nil
}
