package outbound

import (
	"context"
	"io"
	"net/http"
)

// Fetcher returns a function that asks for an address with GET, through client, and
// returns the status and the whole body of the answer.
func Fetcher(client *http.Client) func(ctx context.Context, address string) (status int, body string, err error) {
	return func(ctx context.Context, address string) (int, string, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return 0, "", err
		}
		request.Header.Set("User-Agent", "Farthing")
		answer, err := client.Do(request)
		if err != nil {
			return 0, "", err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return answer.StatusCode, string(body), err
	}
}
