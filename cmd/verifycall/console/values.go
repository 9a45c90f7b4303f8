package console

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"time"
)

// span is a flag's duration of at most an hour. A wrong value leaves it as it
// was, so that it isn't named twice.
type span struct{ at *time.Duration }

// NewSpan is a flag for a duration of at most an hour, otherwise where it isn't given.
func NewSpan(at *time.Duration, otherwise time.Duration) flag.Value {
	*at = otherwise
	return span{at}
}

// String implements flag.Value; the flag package calls it on a zero span too.
func (s span) String() string {
	if s.at == nil {
		return ""
	}
	return s.at.String()
}

// Set implements flag.Value.
func (s span) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > time.Hour {
		return errors.New("not a time such as 90s, at most 1h")
	}
	*s.at = d
	return nil
}

// number is a flag's whole number within bounds.
type number struct {
	at          *int
	least, most int
}

// NewNumber is a flag for a whole number from least to most, otherwise where it isn't given.
func NewNumber(at *int, otherwise, least, most int) flag.Value {
	*at = otherwise
	return number{at, least, most}
}

// String implements flag.Value; the flag package calls it on a zero number too.
func (n number) String() string {
	if n.at == nil {
		return ""
	}
	return strconv.Itoa(*n.at)
}

// Set implements flag.Value.
func (n number) Set(text string) error {
	value, err := strconv.Atoi(text)
	if err != nil || value < n.least || value > n.most {
		return fmt.Errorf("not a number from %d to %d", n.least, n.most)
	}
	*n.at = value
	return nil
}
