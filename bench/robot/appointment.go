package robot

import (
	"context"
	"net/http"
	"time"
)

// NewBookable makes a room, no test, whose seller is to choose a time, once for
// each Idempotency-Key.
func (s *Server) NewBookable(ctx context.Context, key string) (Room, error) {
	body := testRoom()
	delete(body, "test")
	body["book"] = true
	client := &http.Client{Transport: keyed{key, s.Place.client(nil).Transport}}
	var room Room
	err := s.call(ctx, client, http.MethodPost, "/api/v1/rooms", body, &room)
	return room, err
}

// Slots asks for the times that a seller can book.
func (s *Session) Slots(ctx context.Context) ([]time.Time, error) {
	var answer struct{ Slots []struct{ At time.Time } }
	err := s.server.call(ctx, s.client, http.MethodGet, "/api/seller/slots", nil, &answer)
	var list []time.Time
	for _, slot := range answer.Slots {
		list = append(list, slot.At)
	}
	return list, err
}

// Appoint books a time, or moves the appointment there.
func (s *Session) Appoint(ctx context.Context, at time.Time) error {
	return s.server.call(ctx, s.client, http.MethodPost, "/api/seller/appointment", map[string]any{"at": at}, nil)
}

// Cancel gives the appointment up.
func (s *Session) Cancel(ctx context.Context) error {
	return s.server.call(ctx, s.client, http.MethodPost, "/api/seller/cancel", map[string]any{}, nil)
}
