package protocol

import "reflect"

var clientTypes = map[string]func() ClientMessage{
	"hello":        func() ClientMessage { return &Hello{} },
	"offer":        func() ClientMessage { return &Offer{} },
	"notice":       func() ClientMessage { return &Notice{} },
	"admit":        func() ClientMessage { return &Admit{} },
	"mute":         func() ClientMessage { return &Mute{} },
	"chat":         func() ClientMessage { return &Chat{} },
	"step":         func() ClientMessage { return &Step{} },
	"step_result":  func() ClientMessage { return &StepResult{} },
	"capture":      func() ClientMessage { return &Capture{} },
	"crop":         func() ClientMessage { return &Crop{} },
	"compare":      func() ClientMessage { return &Compare{} },
	"note":         func() ClientMessage { return &Note{} },
	"flag":         func() ClientMessage { return &Flag{} },
	"verdict":      func() ClientMessage { return &Verdict{} },
	"end":          func() ClientMessage { return &End{} },
	"withdraw":     func() ClientMessage { return &Withdraw{} },
	"allow_device": func() ClientMessage { return &AllowDevice{} },

	"send_code":  func() ClientMessage { return &SendCode{} },
	"check_code": func() ClientMessage { return &CheckCode{} },

	"command":        func() ClientMessage { return &Command{} },
	"device":         func() ClientMessage { return &Device{} },
	"photo_announce": func() ClientMessage { return &PhotoAnnounce{} },
	"photo_failed":   func() ClientMessage { return &PhotoFailed{} },
	"quality":        func() ClientMessage { return &Quality{} },
}

var serverTypes = map[string]func() ServerMessage{
	"ok":       func() ServerMessage { return &OK{} },
	"error":    func() ServerMessage { return &Error{} },
	"answer":   func() ServerMessage { return &Answer{} },
	"reoffer":  func() ServerMessage { return &Reoffer{} },
	"replaced": func() ServerMessage { return &Replaced{} },
	"bye":      func() ServerMessage { return &Bye{} },
	"state":    func() ServerMessage { return &State{} },
	"recorder": func() ServerMessage { return &Recorder{} },
	"health":   func() ServerMessage { return &Health{} },
	"photo":    func() ServerMessage { return &Photo{} },
	"do":       func() ServerMessage { return &Do{} },
}

var clientNames = func() map[reflect.Type]string {
	names := make(map[reflect.Type]string, len(clientTypes))
	for name, make := range clientTypes {
		names[reflect.TypeOf(make())] = name
	}
	return names
}()

// ClientName gives the t of a client message, empty for what is none.
func ClientName(msg ClientMessage) string { return clientNames[reflect.TypeOf(msg)] }

// ClientTypes gives the Go type name of each client message by its t.
func ClientTypes() map[string]string { return typeNames(clientTypes) }

// ServerTypes gives the Go type name of each server message by its t.
func ServerTypes() map[string]string { return typeNames(serverTypes) }

func typeNames[M any](table map[string]func() M) map[string]string {
	names := make(map[string]string, len(table))
	for name, make := range table {
		names[name] = reflect.TypeOf(make()).Elem().Name()
	}
	return names
}
