package process

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// Exchange makes a request to the server under test and returns the body of its
// answer; a status other than 200 is an error with that body.
func Exchange(ctx context.Context, method, target, contentType string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", contentType)
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", reply.Status, text)
	}
	return string(text), err
}
