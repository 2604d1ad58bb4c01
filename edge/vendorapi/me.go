package vendorapi

import (
	"context"
	"net/http"

	"farthing.dev/farthing/token"
)

// me is who a key belongs to, as it travels.
type me struct {
	Vendor        token.VendorID `json:"vendor"`
	Name          string         `json:"name"`
	Mode          string         `json:"mode" enum:"live,test"`
	Login         string         `json:"login,omitzero" doc:"The name that the key was given"`
	Key           token.KeyID    `json:"key"`
	SandboxReader token.ReaderID `json:"sandbox_reader,omitzero" doc:"Buys with test tokens, under an allowance to you"`
}

func (a *api) addMe() {
	route(a, operation{
		method: http.MethodGet, path: "/v1/me", id: "getMe", tag: "Me", summary: "Get who the key belongs to",
	}, func(ctx context.Context, c *call, _ *none) (answer[me], error) {
		found, err := a.app.Me(ctx, c.seller)
		out := me{Vendor: found.Vendor, Name: found.Name, Mode: "live", Login: found.Login, Key: found.Key, SandboxReader: found.SandboxReader}
		if found.Test {
			out.Mode = "test"
		}
		return answer[me]{body: out}, err
	})
}
