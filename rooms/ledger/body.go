package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// Bounds of a body. Integers stay where every JSON reader keeps them exact
// (RFC 8785 section 3.2.2.3).
const (
	maxDepth   = 8
	maxInteger = 1<<53 - 1
)

// normalMap copies a body into the few types that an entry holds.
func normalMap(body map[string]any, depth int) (map[string]any, error) {
	out := make(map[string]any, len(body))
	for key, value := range body {
		if key == "" || !printable(key) {
			return nil, fmt.Errorf("key %q is not printable ASCII", key)
		}
		copied, err := normal(value, depth+1)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		out[key] = copied
	}
	return out, nil
}

func normal(value any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("deeper than %d", maxDepth)
	}
	switch v := value.(type) {
	case string:
		return normalString(v)
	case map[string]any:
		return normalMap(v, depth)
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return nil, fmt.Errorf("%s is no integer", v)
		}
		return normalInteger(n)
	case nil:
		return nil, errors.New("null")
	}
	return normalKind(reflect.ValueOf(value), depth)
}

// normalKind takes named strings, all integers, whole floats, slices and maps.
func normalKind(v reflect.Value, depth int) (any, error) {
	switch v.Kind() {
	case reflect.String:
		return normalString(v.String())
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return normalInteger(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > maxInteger {
			return nil, fmt.Errorf("%d is over 2^53", v.Uint())
		}
		return int64(v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); f == math.Trunc(f) && math.Abs(f) <= maxInteger {
			return int64(f), nil
		}
		return nil, fmt.Errorf("%v is no integer below 2^53", v.Float())
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			item, err := normal(v.Index(i).Interface(), depth+1)
			if err != nil {
				return nil, fmt.Errorf("item %d: %w", i, err)
			}
			list[i] = item
		}
		return list, nil
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			break
		}
		fields := make(map[string]any, v.Len())
		for _, key := range v.MapKeys() {
			fields[key.String()] = v.MapIndex(key).Interface()
		}
		return normalMap(fields, depth)
	}
	return nil, fmt.Errorf("a %s", v.Type())
}

func normalString(s string) (any, error) {
	if !printable(s) {
		return nil, fmt.Errorf("%q is not printable ASCII", s)
	}
	return s, nil
}

func normalInteger(n int64) (any, error) {
	if n > maxInteger || n < -maxInteger {
		return nil, fmt.Errorf("%d is over 2^53", n)
	}
	return n, nil
}

// printable says that s holds nothing but ASCII from space to tilde: names of
// people don't fit in by accident, and every tool shows it the same.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// checkHeader reports the first thing wrong beside the body and the hash.
func (e Entry) checkHeader() error {
	switch at, err := time.Parse(time.RFC3339Nano, e.At); {
	case e.V != Version:
		return fmt.Errorf("version %d", e.V)
	case e.Seq < 1 || e.Seq > maxInteger:
		return fmt.Errorf("sequence number %d", e.Seq)
	case err != nil || at.UTC().Format(time.RFC3339Nano) != e.At:
		return fmt.Errorf("time %q is not RFC 3339 in UTC", e.At)
	case e.Actor == "" || !printable(e.Actor):
		return fmt.Errorf("actor %q", e.Actor)
	case e.Type == "" || !printable(e.Type):
		return fmt.Errorf("type %q", e.Type)
	case e.Seq == 1 && e.Prev != "", e.Seq > 1 && !isHash(e.Prev):
		return fmt.Errorf("prev %q", e.Prev)
	}
	return nil
}

// isHash says that s is a SHA-256 in lower-case hex.
func isHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
