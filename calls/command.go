package calls

import "verifycall/calls/protocol"

// onCommand passes a command of the manager on to the seller's device, where the
// device said that it can. What came of it is in the device's next message.
func (c *Call) onCommand(msg *protocol.Command) error {
	if _, _, err := c.sellerPicture(); err != nil {
		return err
	}
	if !canDo(c.sellerDevice(), msg) {
		return protocol.Faultf(protocol.CodeWrongState, "The seller's device can't do that.")
	}
	c.seller.seat.send("", &protocol.Do{Act: msg.Act, On: msg.On, Zoom: msg.Zoom})
	return nil
}

func canDo(d protocol.Device, msg *protocol.Command) bool {
	switch msg.Act {
	case "flip":
		return d.Flip
	case "torch":
		return d.Torch
	case "zoom":
		return d.Zoom > 1 && msg.Zoom >= 1 && msg.Zoom <= d.Zoom
	}
	return false
}

// sellerDevice is what the seller's device can do, nothing while it isn't here.
func (c *Call) sellerDevice() protocol.Device {
	if c.seller.seat == nil {
		return protocol.Device{}
	}
	return c.seller.device
}
