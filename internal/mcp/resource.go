package mcp

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"darkroom"
	"darkroom/client"
)

const (
	originalStart = "darkroom://jobs/"
	originalEnd   = "/image"
)

func originals() *sdk.ResourceTemplate {
	return &sdk.ResourceTemplate{
		Name: "original", Title: "Original picture", URITemplate: originalStart + "{id}/captures/{n}" + originalEnd,
		Description: fmt.Sprintf("The picture of capture n of a job as it was taken, at most %d MiB. It is large: look shows parts of it instead.", MaxOriginal>>20),
	}
}

// linkTo names the original beside a picture that was made smaller.
func linkTo(id string, r client.Result) sdk.Content {
	name := "original"
	if r.Filename != nil {
		name = *r.Filename
	}
	return &sdk.ResourceLink{
		URI: originalStart + id + "/captures/" + strconv.Itoa(r.Index) + originalEnd, Name: name, Title: "Original picture",
		MIMEType: r.ContentType, Size: new(r.SizeBytes),
	}
}

// original gives the bytes of a picture to a client that asks for them.
func (t tools) original(ctx context.Context, asked *sdk.ReadResourceRequest) (*sdk.ReadResourceResult, error) {
	uri := asked.Params.URI
	id, n, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(uri, originalStart), originalEnd), "/captures/")
	number, err := strconv.Atoi(n)
	if !ok || err != nil || number < 1 {
		return nil, sdk.ResourceNotFoundError(uri)
	}
	link, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	c := call{t.Server, link}
	result, err := c.result(ctx, id, number)
	if err != nil {
		return nil, told(err)
	}
	if result.SizeBytes > MaxOriginal {
		return nil, darkroom.Errorf(darkroom.CodePayloadTooLarge, "the picture has %d bytes, more than the %d that are handed out; look shows parts of it",
			result.SizeBytes, int64(MaxOriginal))
	}
	picture, err := c.Picture(ctx, id, number, darkroom.ViewImage)
	if err != nil {
		return nil, told(err)
	}
	return &sdk.ReadResourceResult{Contents: []*sdk.ResourceContents{{URI: uri, MIMEType: result.ContentType, Blob: picture}}}, nil
}
