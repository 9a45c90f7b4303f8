package media

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLog passes pion's warnings and errors on at level Debug: they name
// addresses, which may not appear above that, and what matters of them reaches
// the call as an Event. Pion's own debug and trace lines, one per packet in
// places, are dropped.
type pionLog struct{ log *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (p pionLog) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{log: p.log.With("pion", scope)}
}

func (p pionLog) Trace(string)          {}
func (p pionLog) Tracef(string, ...any) {}
func (p pionLog) Debug(string)          {}
func (p pionLog) Debugf(string, ...any) {}
func (p pionLog) Info(string)           {}
func (p pionLog) Infof(string, ...any)  {}
func (p pionLog) Warn(msg string)       { p.log.Debug(msg) }
func (p pionLog) Error(msg string)      { p.log.Debug(msg) }

func (p pionLog) Warnf(format string, args ...any)  { p.format(format, args) }
func (p pionLog) Errorf(format string, args ...any) { p.format(format, args) }

func (p pionLog) format(format string, args []any) {
	if p.log.Enabled(context.Background(), slog.LevelDebug) {
		p.log.Debug(fmt.Sprintf(format, args...))
	}
}
